import { Generator } from './generator.ts'
import type { LoadReply, LoadRequest } from './protocol.ts'

/**
 * The load generator's process: nothing else of the benchmark runs in it. It connects,
 * says so, sends when it is told to go and as often, tells the figures, and ends with the process
 * that began it.
 */
let generator: Generator | null = null

process.on('message', (request: LoadRequest) => {
  if (request.type === 'go') generator?.go(request.run)
  else if (request.type === 'stop') generator?.stop()
  else {
    generator = new Generator(request.plan, tell)
    generator.connect()
  }
})
process.on('disconnect', () => process.exit())

function tell(reply: LoadReply): void {
  process.send?.(reply)
}
