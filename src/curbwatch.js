#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Starts main.ts with what was compiled the last time. Node.js then need not load its TypeScript
 * stripper, in none of the threads: 50 MB less, from the second start on. This file is JavaScript,
 * because it would need the stripper itself otherwise.
 *
 * Where the folder cannot be written everything works as without it (docs/adr/0016).
 */
const folder = fileURLToPath(new URL('../node_modules/.cache/curbwatch', import.meta.url))
process.env.NODE_COMPILE_CACHE ??= folder
enableCompileCache(process.env.NODE_COMPILE_CACHE)
await import('./main.ts')
