import type { Metrics } from './metrics.ts'

/** What the counters for Prometheus show now, as numbers for those who do not scrape. */
export async function metricValues(metrics: Metrics) {
  const [received, shed, readings, quarantined, opened, troubles, connections, acks] =
    await Promise.all([
      metrics.received.get(),
      metrics.shed.get(),
      metrics.readings.get(),
      metrics.quarantined.get(),
      metrics.casesOpened.get(),
      metrics.troubles.get(),
      metrics.connections.get(),
      metrics.ackSeconds.get(),
    ])
  const outcome = (name: string) =>
    sum(readings.values.filter(({ labels }) => labels.outcome === name))
  return {
    messagesReceived: sum(received.values),
    messagesShed: sum(shed.values),
    readingsAccepted: outcome('accepted'),
    readingsDuplicate: outcome('duplicate'),
    readingsQuarantined: sum(quarantined.values),
    readingsRefused: outcome('refused'),
    casesOpened: sum(opened.values),
    troubles: sum(troubles.values),
    connections: sum(connections.values),
    ackBuckets: acks.values
      .filter(({ metricName }) => metricName?.endsWith('_bucket'))
      .map(({ labels, value }) => ({
        le: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le),
        count: value,
      })),
  }
}

function sum(values: readonly { readonly value: number }[]): number {
  return values.reduce((total, { value }) => total + value, 0)
}
