import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Service } from '../support/service.ts'
import { watchEvents } from '../support/sse.ts'
import { act, flood, openCase } from '../support/story.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start()
})
afterAll(() => service?.stop())

describe('a case is seen', () => {
  it('by nobody when it opens', async () => {
    const { id } = await openCase(service)
    const opened = await service.get(`/cases/${id}`)
    expect(opened.seenAt).toBeNull()
    expect(opened.actions).toContain('acknowledge')
  })

  it('when somebody acknowledges it; its status stays, and the history says who', async () => {
    const { id } = await openCase(service)
    const events = await watchEvents(service)
    const { openedAt } = await service.get(`/cases/${id}`)
    const after = await act(service, id, 'acknowledge', { actor: 'li.wei' })
    expect(after).toMatchObject({ status: 'open', suspended: false, closedAt: null })
    expect(Date.parse(after.seenAt)).toBeGreaterThanOrEqual(Date.parse(openedAt))
    expect(after.actions).not.toContain('acknowledge')
    const { history, seenAt } = await service.get(`/cases/${id}`)
    expect(seenAt).toBe(after.seenAt)
    expect(history.at(-1)).toMatchObject({
      action: 'acknowledge',
      at: seenAt,
      actor: 'li.wei',
      from: 'open',
      to: 'open',
    })
    await events.expect('case', (it) => it.id === id && it.seenAt === seenAt)
    events.close()
  })

  it('once: a second time is answered with the case as it is, and adds no line', async () => {
    const { id } = await openCase(service)
    const first = await act(service, id, 'acknowledge', { actor: 'li.wei' })
    const second = await act(service, id, 'acknowledge', { actor: 'wang.fang', note: 'me too' })
    expect(second.seenAt).toBe(first.seenAt)
    const { history } = await service.get(`/cases/${id}`)
    expect(history.map((one: { action: string }) => one.action)).toEqual(['open', 'acknowledge'])
  })

  it('by whoever does something with it, the first time', async () => {
    const { id } = await openCase(service)
    const { seenAt } = await act(service, id, 'dispatch')
    expect(seenAt).not.toBeNull()
    expect((await act(service, id, 'accept')).seenAt).toBe(seenAt)
    expect((await act(service, id, 'acknowledge')).seenAt).toBe(seenAt)
    const { history } = await service.get(`/cases/${id}`)
    expect(history).toHaveLength(3)
  })

  it('in every state that has not ended, also suspended', async () => {
    const { id } = await openCase(service)
    for (const action of ['dispatch', 'accept', 'handle', 'suspend']) {
      await act(service, id, 'acknowledge')
      await act(service, id, action)
    }
    expect(await act(service, id, 'acknowledge')).toMatchObject({ suspended: true })
    await act(service, id, 'cancel')
    const refused = await service.api('POST', `/cases/${id}/actions`, { action: 'acknowledge' })
    expect([refused.status, refused.body.code]).toEqual([409, 'CASE_TRANSITION'])
  })

  it('no more when it becomes more severe: that needs a new look', async () => {
    const { device, client, id } = await openCase(service)
    const { seenAt } = await act(service, id, 'acknowledge')
    await flood(service, client, device, 19)
    await service.settled()
    expect((await service.get(`/cases/${id}`)).seenAt).toBe(seenAt)
    await flood(service, client, device, 30)
    const raised = await eventually(async () => {
      const it = await service.get(`/cases/${id}`)
      return it.severity === 'critical' && it
    })
    expect(raised.seenAt).toBeNull()
    expect(raised.actions).toContain('acknowledge')
    expect((await act(service, id, 'acknowledge')).seenAt).not.toBeNull()
  })

  it('also after a restart', async () => {
    const { id } = await openCase(service)
    const { seenAt } = await act(service, id, 'acknowledge')
    await service.kill9()
    await service.restart()
    expect((await service.get(`/cases/${id}`)).seenAt).toBe(seenAt)
    expect((await act(service, id, 'acknowledge')).seenAt).toBe(seenAt)
  })
})
