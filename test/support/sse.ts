import { eventually } from './eventually.ts'
import { ADMIN_TOKEN, type Doc, type Service } from './service.ts'

/** What came over a stream of server-sent events, as it comes. */
export interface Events {
  /** `at`: when it came, by `performance.now()`. */
  readonly received: { readonly event: string; readonly data: Doc; readonly at: number }[]
  /** Waits for an event of the name whose data fits. */
  expect(event: string, fits?: (data: Doc) => boolean): Promise<Doc>
  close(): void
}

/** Watches `GET /api/v1/events`; resolves when the stream is open. */
export async function watchEvents(service: Service): Promise<Events> {
  const abort = new AbortController()
  const response = await fetch(`${service.http}/api/v1/events`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept: 'text/event-stream' },
    signal: abort.signal,
  })
  const type = response.headers.get('content-type') ?? ''
  if (response.status !== 200 || !type.startsWith('text/event-stream') || !response.body)
    throw new Error(`no event stream: ${response.status} ${type}`)
  const received: Events['received'] = []
  const reading = read(response.body, received)
  reading.catch(() => {})
  return {
    received,
    expect: (event, fits = () => true) =>
      eventually(() => received.find((one) => one.event === event && fits(one.data))?.data),
    close: () => abort.abort(),
  }
}

async function read(stream: ReadableStream<Uint8Array>, into: Events['received']): Promise<void> {
  const text = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const frames = (rest + text.decode(chunk, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const lines = frame.split('\n')
      const of = (name: string) =>
        lines.find((l) => l.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = of('data')
      if (data !== undefined)
        into.push({
          event: of('event') ?? 'message',
          data: JSON.parse(data),
          at: performance.now(),
        })
    }
  }
}
