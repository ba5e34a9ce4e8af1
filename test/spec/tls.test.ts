import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../support/process.ts'
import { connectTo, credentials, Service } from '../support/service.ts'

/** TLS ends in the process of the port, also where devices are shared out between several. */
const CELLS = ['1', '3']

const missing = spawnSync('openssl', ['version']).error !== undefined

describe.skipIf(missing && !process.env['CI'])(
  'MQTT over TLS, with certificates made by openssl',
  () => {
    let folder: string
    const file = (name: string) => join(folder, name)
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'curbwatch-spec-'))
      await selfSigned('server', ['-addext', 'subjectAltName=IP:127.0.0.1'])
      await selfSigned('client')
      await selfSigned('stranger')
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    async function selfSigned(name: string, more: string[] = []): Promise<void> {
      const { code, stderr } = await runProgram('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
        ...['-days', '2', '-subj', `/CN=${name}`, ...more],
      ])
      if (code !== 0) throw new Error(stderr)
    }

    const serverSettings = (cells: string) => ({
      CURBWATCH_CELLS: cells,
      CURBWATCH_MQTTS_PORT: '0',
      CURBWATCH_TLS_CERT: file('server.pem'),
      CURBWATCH_TLS_KEY: file('server.key'),
    })
    const url = (service: Service) => `mqtts://127.0.0.1:${service.mqttsPort}`
    const trust = () => ({ ca: readFileSync(file('server.pem')) })
    const present = (name: string) => ({
      cert: readFileSync(file(`${name}.pem`)),
      key: readFileSync(file(`${name}.key`)),
    })

    it.each(CELLS)('takes readings from a device that trusts it (cells: %s)', async (cells) => {
      const service = await Service.start(serverSettings(cells))
      try {
        const device = await service.register('waterlogging')
        const client = await connectTo(url(service), { ...credentials(device), ...trust() })
        await service.send(client, device, { depthCm: 3 })
        await service.settled()
        expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)
        await client.endAsync()
        const wrong = { ...credentials({ ...device, secret: 'wrong' }), ...trust() }
        await expect(connectTo(url(service), wrong, false)).rejects.toMatchObject({ code: 4 })
        // One that does not trust it does not speak; nor does plain MQTT.
        await expect(connectTo(url(service), credentials(device), false)).rejects.toThrow()
        const plain = url(service).replace('mqtts', 'mqtt')
        await expect(connectTo(plain, credentials(device), false)).rejects.toThrow()
      } finally {
        await service.stop()
      }
    })

    it.each(CELLS)(
      'demands a certificate of the client CA, and the secret too (cells: %s)',
      async (cells) => {
        const service = await Service.start({
          ...serverSettings(cells),
          CURBWATCH_TLS_CLIENT_CA: file('client.pem'),
        })
        try {
          const device = await service.register('waterlogging')
          const with_ = (more: object, secret = device.secret) =>
            connectTo(
              url(service),
              { ...credentials({ ...device, secret }), ...trust(), ...more },
              false,
            )
          await expect(with_({})).rejects.toThrow()
          await expect(with_(present('stranger'))).rejects.toThrow()
          await expect(with_(present('client'), 'wrong')).rejects.toMatchObject({ code: 4 })
          const client = await with_(present('client'))
          await service.send(client, device, { depthCm: 3 })
          await client.endAsync()
        } finally {
          await service.stop()
        }
      },
    )
  },
)
