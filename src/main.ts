#!/usr/bin/env node
import { run } from './cli/run.ts'

// Arguments and environment in, exit code out; no logic.
process.exitCode = await run(process.argv.slice(2), process.env)
