import type { Latency } from './histogram.ts'

/** The words between the benchmark and the process that makes the load. */

export interface LoadDevice {
  readonly id: string
  readonly kind: string
  readonly secret: string
}

export interface LoadPlan {
  readonly port: number
  /** One connection for each. */
  readonly devices: readonly LoadDevice[]
  /** Unacknowledged messages of one connection at the most. */
  readonly window: number
  /** Sequence numbers begin here, so that no load repeats another's. */
  readonly firstSeq: number
}

/** One run on the connections that are open; the first warms both sides up. */
export interface Run {
  readonly seconds: number
  /**
   * Messages per second over all connections, on a fixed schedule (open loop); null: as fast as
   * acknowledgements come (closed loop).
   */
  readonly rate: number | null
  /** Tell which messages were acknowledged, those of runs before as well. */
  readonly dump?: boolean
}

export type LoadRequest =
  | { readonly type: 'connect'; readonly plan: LoadPlan }
  | { readonly type: 'go'; readonly run: Run }
  | { readonly type: 'stop' }

export interface Second {
  readonly acked: number
  /** From sending to the acknowledgement. */
  readonly latency: Latency
}

export type LoadReply =
  | {
      readonly type: 'connected'
      readonly connections: number
      readonly refused: number
      readonly ms: number
    }
  | ({ readonly type: 'second'; readonly n: number } & Second)
  | ({ readonly type: 'result' } & LoadResult)

export interface LoadResult {
  /** How long messages were sent. */
  readonly seconds: number
  /** Acknowledged in that time, and a second of it. */
  readonly acked: number
  readonly perSecond: number
  /** All that were sent, and those of them that have no answer although it was waited for. */
  readonly sent: number
  /** Due by the schedule, but without room in a window until the end. */
  readonly unsent: number
  readonly unacked: number
  /** Connections that ended before they were told to. */
  readonly lost: number
  /** From the sending of a message to its acknowledgement. */
  readonly fromSend: Latency
  /** From the moment the message was due: what a device waits whose gateway is held up. */
  readonly fromDue: Latency | null
  /** From that moment to the sending; p50 of it is the timer of the load generator. */
  readonly late: Latency | null
  /** CPU of the load generator while messages were sent, in seconds. */
  readonly cpu: number
  readonly each: readonly Second[]
  readonly dumped: readonly Acked[] | null
}

/** What of a device was acknowledged: all up to and with `upTo`, and these beyond. */
export interface Acked {
  readonly id: string
  readonly kind: string
  readonly first: number
  readonly upTo: number
  readonly beyond: readonly number[]
}
