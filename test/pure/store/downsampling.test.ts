import { Flux } from '@influxdata/flux-lsp-node'
import { expect, it } from 'vitest'
import { downsamplingTasks } from '../../../src/store/influxdb/setup-tasks.ts'

const isValid = (flux: string) => new Flux(flux).is_valid()

it('the tasks are valid Flux, also where a bucket has a strange name', () => {
  for (const [from, to] of [
    ['telemetry', 'telemetry_5m'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Flux would read it as an expression
    ['a "quoted" \\ name', '${name}'],
  ] as const) {
    const tasks = downsamplingTasks(from, to)
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length)
    for (const { name, flux } of tasks) {
      expect(isValid(flux), flux).toBe(true)
      expect(flux).toContain(`name: "${name}"`)
    }
  }
})

it('the check sees what is wrong with a script', () => {
  const [{ flux = '' } = {}] = downsamplingTasks('telemetry', 'telemetry_5m')
  for (const [part, wrong] of [
    ['import "date"', ''],
    ['aggregateWindow', 'aggregateWindows'],
    ['every: 5m, fn: mean', 'every: "5m", fn: mean'],
    ['range(start:', 'range(begin:'],
  ] as const) {
    expect(flux).toContain(part)
    expect(isValid(flux.replaceAll(part, wrong)), wrong).toBe(false)
  }
})
