import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { generate } from 'mqtt-packet'
import { text } from '../../../model/text.ts'
import { realTime } from '../../../ops/clock.ts'
import { ask, saidOf } from './ask.ts'
import { Check, type Finding, same } from './finding.ts'
import { secretOf, type Target } from './target.ts'

/** curbwatch itself: it takes messages, from devices and from Grafana. */
export async function checkCurbwatch(target: Target): Promise<Finding[]> {
  const ready = await checkReady(target)
  const mqtt = checkMqtt(target)
  if (ready.state === 'wrong' && ready.id === 'curbwatch.answers') {
    const why = text('curbwatch 没有应答', 'curbwatch does not answer')
    return [ready, token.notTried(why), webhook.notTried(why), await mqtt]
  }
  return [ready, await checkToken(target), await checkWebhook(target), await mqtt]
}

const token = new Check(
  'curbwatch.token',
  text('curbwatch 接受管理令牌', 'curbwatch takes the admin token'),
)
const webhook = new Check(
  'curbwatch.webhook',
  text('curbwatch 接受 Grafana 的告警通知', "curbwatch takes Grafana's alert notifications"),
)
const restart = text(
  '.env 改动后须重新运行 docker compose up -d',
  'after a change of .env run docker compose up -d again',
)

async function checkReady({ consoleUrl }: Target): Promise<Finding> {
  const asked = await ask(`${consoleUrl}/readyz`)
  const { status, troubles, warnings } = (asked.body ?? {}) as {
    status?: string
    troubles?: string[]
    warnings?: string[]
  }
  if (status === undefined) {
    return new Check('curbwatch.answers', text('curbwatch 应答', 'curbwatch answers')).wrong(
      same(`${consoleUrl}: ${saidOf(asked)}`),
      text(
        'docker compose ps curbwatch；docker compose logs curbwatch',
        'docker compose ps curbwatch; docker compose logs curbwatch',
      ),
    )
  }
  const check = new Check('curbwatch.ready', text('curbwatch 接收消息', 'curbwatch takes messages'))
  const reasons = [...(troubles ?? []), ...(warnings ?? [])]
  if (asked.status === 200 && reasons.length === 0) return check.fine(same(consoleUrl))
  return check.wrong(
    same(reasons.join('; ') || saidOf(asked)),
    text('各代码的处置见 docs/errors.md', 'docs/errors.md says what to do about each code'),
  )
}

async function checkToken(target: Target): Promise<Finding> {
  const authorization = `Bearer ${secretOf(target, 'CURBWATCH_ADMIN_TOKEN')}`
  const asked = await ask(`${target.consoleUrl}/api/v1/kinds`, { headers: { authorization } })
  return asked.status === 200
    ? token.fine(text('正常', 'fine'))
    : token.wrong(same(saidOf(asked)), restart)
}

/** A notification of nothing, signed: it is taken and leaves no trace. */
async function checkWebhook(target: Target): Promise<Finding> {
  const body = JSON.stringify({ receiver: 'stack check', status: 'resolved', alerts: [] })
  const timestamp = String(Math.floor(realTime() / 1000))
  const signature = createHmac('sha256', secretOf(target, 'CURBWATCH_GRAFANA_WEBHOOK_SECRET'))
    .update(`${timestamp}:${body}`)
    .digest('hex')
  const asked = await ask(`${target.consoleUrl}/api/v1/grafana/alerts`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-grafana-alerting-signature': signature,
      'x-grafana-alerting-timestamp': timestamp,
    },
    body,
  })
  return asked.status === 200
    ? webhook.fine(text('正常', 'fine'))
    : webhook.wrong(same(saidOf(asked)), restart)
}

const CONNECT_MS = 5_000

/** Any CONNACK is an answer: a stranger is refused, and that is as it should be. */
async function checkMqtt({ mqtt: { host, port } }: Target): Promise<Finding> {
  const check = new Check('curbwatch.mqtt', text('MQTT 端口应答', 'the MQTT port answers'))
  const fault = await connack(host, port)
  if (fault === null) return check.fine(same(`${host}:${port}`))
  return check.wrong(
    same(`${host}:${port}: ${fault}`),
    text(
      '检查 docker-compose.yml 中的端口和防火墙；若端口不同，用 --mqtt 主机:端口',
      'check the port in docker-compose.yml and the firewall; --mqtt host:port where it is another',
    ),
  )
}

/** Null: a CONNACK came. */
function connack(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (fault: string | null) => {
      socket.destroy()
      resolve(fault)
    }
    socket.setTimeout(CONNECT_MS, () => end('no CONNACK'))
    socket.once('connect', () => {
      socket.write(
        generate({
          cmd: 'connect',
          clientId: 'stack-check',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          keepalive: 0,
        }),
      )
    })
    socket.once('data', (data) => end((data[0] ?? 0) >> 4 === 2 ? null : 'not an MQTT broker'))
    socket.once('close', () => end('the connection was closed without a CONNACK'))
    socket.once('error', (error) =>
      end(error.message || String((error as NodeJS.ErrnoException).code)),
    )
  })
}
