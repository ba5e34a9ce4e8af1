import { type Instant, MINUTE } from '../src/model/time.ts'
import { createRandom } from './random.ts'
import type { Service } from './service.ts'

/**
 * Simulated people of the city: dispatchers, crews and inspectors who take every case through
 * 派单 → 接单 → 处单 → 验单. A crew that has handled a case has mended the thing, so its device
 * recovers and the sensor becomes the evidence of the verification. Who takes how long follows
 * from the seed and the case.
 */

interface OpenCase {
  readonly id: string
  readonly deviceId: string
  readonly status: string
  readonly suspended: boolean
  readonly signal: { readonly state: 'firing' | 'clear' }
}

/** Simulated minutes that each step takes, from and to. Unsourced: for the eye. */
const PACE: Readonly<Record<string, readonly [number, number]>> = {
  open: [1, 8],
  dispatched: [2, 10],
  accepted: [6, 25],
  handled: [4, 12],
}
/** An inspector waits this long for the sensor to recover, then sends the case back. */
const PATIENCE = 40 * MINUTE

export interface Officers {
  /** Looks at the cases once and does what is due. */
  round(): Promise<void>
}

export function createOfficers(
  service: Service,
  seed: number,
  mend: (deviceId: string) => void,
): Officers {
  /** When the present step of a case began, by case and status. */
  const seen = new Map<string, Instant>()

  const act = async (it: OpenCase, action: string, note: string) => {
    const body = JSON.stringify({ action, note, actor: 'simulated-officer' })
    await service.postJson(`/cases/${it.id}/actions`, body)
    if (action === 'handle') mend(it.deviceId)
  }

  const consider = async (it: OpenCase, now: Instant) => {
    const key = `${it.id} ${it.status}`
    const since = seen.get(key) ?? now
    seen.set(key, since)
    const pace = PACE[it.status]
    if (pace === undefined || it.suspended) return
    const due = since + createRandom(seed, it.id, it.status).between(...pace) * MINUTE
    if (now < due) return
    if (it.status === 'handled') {
      if (it.signal.state === 'clear') await act(it, 'verify', '现场复核，传感器已恢复正常')
      else if (now - since > PATIENCE) {
        seen.delete(key)
        await act(it, 'reject', '传感器仍在报警，返工')
      }
      return
    }
    const [action, note] = STEPS[it.status] as (typeof STEPS)[string]
    await act(it, action, note)
  }

  return {
    async round() {
      const now = service.clock.now()
      for (const it of await openCases(service)) await consider(it, now)
    },
  }
}

const STEPS: Readonly<Record<string, readonly [action: string, note: string]>> = {
  open: ['dispatch', '派至责任单位'],
  dispatched: ['accept', '已接单，队伍出发'],
  accepted: ['handle', '现场处置完毕'],
}

async function openCases(service: Service): Promise<OpenCase[]> {
  const all: OpenCase[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page = (await service.get(
      `/cases?status=open,dispatched,accepted,handled&limit=500${after}`,
    )) as { items: OpenCase[]; nextCursor: string | null }
    all.push(...page.items)
    cursor = page.nextCursor
  }
  return all
}
