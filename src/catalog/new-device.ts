import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fail, ok, type Result } from '../model/result.ts'
import { DEVICES } from './catalog.ts'

/**
 * `npm run new:device <kind>`: a new folder in `devices/`, copied from the template with the name
 * put in. The copy is a whole kind that loads and passes the catalogue's tests; its numbers are
 * placeholders.
 */
const TEMPLATE = fileURLToPath(new URL('./template', import.meta.url))
/** Template files end with this, so that nobody takes them for code or data. */
const SUFFIX = '.tmpl'
const PLACEHOLDER = '__kind__'

/** Lower case, so that ids of rules can begin with it; short, so that they stay within 64. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const LONGEST = 40

/** Makes the folder; the answer is its path, or why it was refused. Nothing is overwritten. */
export function newDevice(
  name: string | undefined,
  devices: URL = DEVICES,
): Result<string, string> {
  if (name === undefined) return fail('which kind? npm run new:device <kind>')
  if (!NAME.test(name) || name.length > LONGEST) {
    return fail(
      `"${name}" is no name for a kind: lower-case letters and digits, parts joined by hyphens, ` +
        `a letter first, at most ${LONGEST} characters, such as noise-meter`,
    )
  }
  const target = fileURLToPath(new URL(name, devices))
  if (existsSync(target)) return fail(`there is a kind "${name}" already: ${target}`)
  cpSync(TEMPLATE, target, { recursive: true })
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) fillIn(`${entry.parentPath}/${entry.name}`, name)
  }
  return ok(target)
}

function fillIn(file: string, name: string): void {
  const text = readFileSync(file, 'utf8').replaceAll(PLACEHOLDER, name)
  writeFileSync(file.slice(0, -SUFFIX.length), text)
  rmSync(file)
}

function nextSteps(folder: string): string {
  return [
    `${folder} is made. Next:`,
    '  1. profile.ts: fields, units, ranges, classes, rules; README.md: the source of each number',
    '  2. simulate.ts, examples/, scenarios/: what it does, what is taken, what fires and what not',
    '  3. test/catalog/catalog.test.ts: add the name to the list of kinds',
    '  4. npm run generate && npm test',
    '',
  ].join('\n')
}

if (import.meta.main) {
  const made = newDevice(process.argv[2])
  if (made.ok) process.stdout.write(nextSteps(made.value))
  else {
    process.stderr.write(`${made.error}\n`)
    process.exitCode = 1
  }
}
