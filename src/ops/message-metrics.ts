import { Counter, type Metric, type Registry } from 'prom-client'

/**
 * Metrics that are counted for every message of the city: a number goes up, and what Prometheus
 * wants is made of it when somebody asks. prom-client looks its labels up at every count.
 */

/** Messages by channel and QoS. */
export class MessageCounter extends Counter<'channel' | 'qos'> {
  /** For each channel, the messages at QoS 0, 1 and 2 since somebody asked. */
  readonly #channels = new Map<string, number[]>()

  count(channel: string, qos: number): void {
    let counts = this.#channels.get(channel)
    if (counts === undefined) {
      counts = [0, 0, 0]
      this.#channels.set(channel, counts)
    }
    counts[qos] = (counts[qos] as number) + 1
  }

  override get() {
    for (const [channel, counts] of this.#channels) {
      for (const [qos, count] of counts.entries()) {
        if (count > 0) this.inc({ channel, qos: String(qos) }, count)
      }
      counts.fill(0)
    }
    return super.get()
  }
}

/** A histogram of seconds, without labels. */
export class SecondsHistogram {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  /** One for each bound, and one for what is above all. */
  readonly #counts: number[]
  #sum = 0

  constructor(config: { name: string; help: string; buckets: number[]; registers: Registry[] }) {
    this.name = config.name
    this.help = config.help
    this.#bounds = config.buckets
    this.#counts = Array(config.buckets.length + 1).fill(0)
    for (const registry of config.registers) {
      registry.registerMetric(this as unknown as Metric<string>)
    }
  }

  observe(seconds: number): void {
    let i = 0
    while (i < this.#bounds.length && seconds > (this.#bounds[i] as number)) i++
    this.#counts[i] = (this.#counts[i] as number) + 1
    this.#sum += seconds
  }

  async get() {
    const { name, help, type, aggregator } = this
    let count = 0
    const values: { labels: { le?: number | '+Inf' }; value: number; metricName: string }[] = []
    for (const [i, le] of [...this.#bounds, '+Inf' as const].entries()) {
      count += this.#counts[i] as number
      values.push({ labels: { le }, value: count, metricName: `${name}_bucket` })
    }
    values.push({ labels: {}, value: this.#sum, metricName: `${name}_sum` })
    values.push({ labels: {}, value: count, metricName: `${name}_count` })
    return { name, help, type, aggregator, values }
  }
}
