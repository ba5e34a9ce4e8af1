import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { MessageCounter, SecondsHistogram } from '../../../src/ops/message-metrics.ts'

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('messages are counted by channel and QoS, however often somebody asks', async () => {
  const registry = new Registry()
  const counter = new MessageCounter({
    name: 'messages_total',
    help: 'Messages',
    labelNames: ['channel', 'qos'],
    registers: [registry],
  })
  expect(linesOf(await registry.metrics())).toEqual([])
  for (const qos of [1, 1, 0]) counter.count('telemetry', qos)
  const first = ['messages_total{channel="telemetry",qos="0"} 1']
  const second = 'messages_total{channel="telemetry",qos="1"} '
  expect(linesOf(await registry.metrics())).toEqual([...first, `${second}2`])
  counter.count('telemetry', 1)
  counter.count('status', 2)
  const third = 'messages_total{channel="status",qos="2"} 1'
  const all = [...first, `${second}3`, third]
  expect(linesOf(await registry.metrics())).toEqual(all)
  expect(linesOf(await registry.metrics())).toEqual(all)
})

test('seconds fall into every bucket that they do not exceed', async () => {
  const registry = new Registry()
  const histogram = new SecondsHistogram({
    name: 'seconds',
    help: 'Seconds',
    buckets: [0.1, 1],
    registers: [registry],
  })
  for (const seconds of [0.05, 0.1, 0.25, 1, 7]) histogram.observe(seconds)
  expect(await registry.metrics()).toBe(
    [
      '# HELP seconds Seconds',
      '# TYPE seconds histogram',
      'seconds_bucket{le="0.1"} 2',
      'seconds_bucket{le="1"} 4',
      'seconds_bucket{le="+Inf"} 5',
      'seconds_sum 8.4',
      'seconds_count 5',
      '',
    ].join('\n'),
  )
})
