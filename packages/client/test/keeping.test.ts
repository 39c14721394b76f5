/** State and position survive a reload together or not at all; ends that were missed are told once. */
import { expect, test } from 'vitest'
import { claim } from '../src/claims.js'
import type { JobSummary, JobsTopic } from '../src/index.js'
import { FakeBrowser, FakeStorage } from './browser.js'
import { job, update, World } from './world.js'

const tenant = { tenant: true } as const
const live = (id: number, position: string, resumed: boolean) => ({
  type: 'live',
  id,
  position,
  resumed,
  truncated: false,
})
const ended = (id: string, rev: number, settlement = 1, at = '2026-11-22T10:00:01Z'): JobSummary =>
  job(id, rev, { status: 'completed', settlement, endedAt: at })
const settled = (position: string, of: JobSummary, subs = [1]) => ({
  type: 'update',
  position,
  subs,
  kind: 'settled',
  job: of,
})

test('a reload shows at once what was held, and goes on from there', async () => {
  const session = new FakeStorage()
  const before = new World({ session })
  await before.follow([job('a', 3)])
  before.socket.say(update('p2', job('a', 4)))
  before.hide()
  const after = new World({ session })
  after.client.jobs(tenant).subscribe(() => {})
  const socket = await after.open()
  expect(socket.subscribes()[0].after).toBe('p2')
  expect(after.held()).toEqual(['a@4'])
  expect(session.items.size).toBe(0)
})

test('nothing that was kept is shown before it is known who is there, and never to somebody else', async () => {
  const session = new FakeStorage()
  const before = new World({ session })
  await before.follow([job('a', 3)])
  before.hide()
  const after = new World({ session })
  after.me = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }
  after.client.jobs(tenant).subscribe(() => {})
  expect(after.held()).toEqual([])
  const socket = await after.open()
  expect(after.held()).toEqual([])
  expect(socket.subscribes()[0]).not.toHaveProperty('after')
})

test('what cannot be kept whole is not kept', async () => {
  const session = new FakeStorage()
  const before = new World({ session })
  await before.follow([job('a', 3)])
  session.full = true
  before.hide()
  session.full = false
  const after = new World({ session })
  after.client.jobs(tenant).subscribe(() => {})
  expect((await after.open()).subscribes()[0]).not.toHaveProperty('after')
})

test('a page that is frozen or kept for the back button leaves, and goes on when it is back', async () => {
  const world = new World()
  await world.follow([job('a', 3)])
  world.hide()
  expect(world.socket.closed).toBe(true)
  expect(world.held()).toEqual(['a@3'])
  world.wake()
  const socket = await world.open()
  expect(socket.subscribes()[0].after).toBe('p1')
})

test('another user on the same connection: the store is emptied, and joined anew', async () => {
  const world = new World()
  await world.follow([job('a', 3)])
  world.socket.say({ type: 'authenticated', principal: { subject: 'bob', tenant: 'default', scopes: [] } })
  expect(world.client.jobs(tenant).getSnapshot().jobs).toEqual([])
  await world.settle()
  expect(world.sockets).toHaveLength(2)
  world.me = { subject: 'bob', tenant: 'default', scopes: [] }
  expect((await world.open()).subscribes()[0]).not.toHaveProperty('after')
})

test('told that the identity changed, views are empty at once', async () => {
  const world = new World()
  await world.follow([job('a', 3)])
  world.client.identityChanged()
  expect(world.client.jobs(tenant).getSnapshot()).toMatchObject({ jobs: [], ready: false })
  expect(world.client.who.getSnapshot()).toBeUndefined()
  await world.open()
  expect(world.tokens).toEqual([false, true])
})

class Visits {
  readonly local = new FakeStorage()
  readonly told: string[] = []

  /** A visit of a page that asks for the ends of a topic, up to where the server joined it. */
  async visit(topic: JobsTopic, session = new FakeStorage()): Promise<World> {
    const world = new World({ local: this.local, session })
    world.client.onSettled(topic, ({ id, settlement, status }) => this.told.push(`${id}:${settlement} ${status}`))
    await world.open()
    return world
  }
}

test('ends are told once for each settlement, of every kind, and not those of before', async () => {
  const visits = new Visits()
  const { socket } = await visits.visit({ task: 'check' })
  socket.say({ type: 'snapshot', id: 1, jobs: [ended('old', 5)] }, live(1, 'p1', false))
  expect(visits.told).toEqual([])
  for (const status of ['completed', 'failed', 'aborted', 'timed_out', 'lost']) {
    socket.say(settled('p2', { ...ended(status, 2), status }))
    socket.say(settled('p2', { ...ended(status, 2), status }))
  }
  socket.say(update('p3', job('failed', 3, { status: 'pending' })), settled('p4', ended('failed', 4, 2)))
  expect(visits.told).toEqual([
    'completed:1 completed',
    'failed:1 failed',
    'aborted:1 aborted',
    'timed_out:1 timed_out',
    'lost:1 lost',
    'failed:2 completed',
  ])
})

test('what settled while the page was closed is told by the next visit, from the log', async () => {
  const visits = new Visits()
  const first = await visits.visit({ task: 'check' })
  first.socket.say(live(1, 'p1', false), settled('p2', ended('a', 2)))
  first.socket.say({ type: 'heartbeat', position: 'p7' })
  first.hide()
  const second = await visits.visit({ task: 'check' })
  expect(second.socket.subscribes()[0].after).toBe('p7')
  second.socket.say(settled('p8', ended('b', 2)), live(1, 'p9', true))
  expect(visits.told).toEqual(['a:1 completed', 'b:1 completed'])
})

test('when the log no longer holds the position, by the time of the ends', async () => {
  const visits = new Visits()
  const first = await visits.visit({ task: 'check' })
  first.socket.say(live(1, 'p1', false), settled('p2', ended('a', 2, 1, '2026-11-22T10:00:01Z')))
  first.hide()
  const second = await visits.visit({ task: 'check' })
  const jobs = [
    ended('c', 2, 1, '2026-11-22T12:00:00Z'),
    ended('b', 2, 1, '2026-11-22T11:00:00Z'),
    ended('a', 2),
    ended('z', 2, 1, '2026-11-22T09:00:00Z'),
  ]
  second.socket.say({ type: 'snapshot', id: 1, jobs }, { ...live(1, 'q1', false), reason: 'expired' })
  expect(visits.told.slice(1)).toEqual(['b:1 completed', 'c:1 completed'])
})

test('each tab tells it once, also one that is loaded anew while another is open', async () => {
  const visits = new Visits()
  const session = new FakeStorage()
  const one = await visits.visit({ task: 'check' })
  const two = await visits.visit({ task: 'check' }, session)
  for (const world of [one, two]) world.socket.say(live(1, 'p1', false))
  two.hide()
  one.socket.say(settled('p2', ended('a', 2)))
  one.pass(250)
  expect(visits.told).toEqual(['a:1 completed'])
  const again = await visits.visit({ task: 'check' }, session)
  expect(again.socket.subscribes()[0].after).toBe('p1')
  again.socket.say(settled('p2', ended('a', 2)), live(1, 'p2', true))
  expect(visits.told).toEqual(['a:1 completed', 'a:1 completed'])
  const third = await visits.visit({ task: 'check' })
  expect(third.socket.subscribes()[0].after).toBe('p2')
})

test('one job: an end that it has already is told, once in this browser', async () => {
  const visits = new Visits()
  const world = await visits.visit({ job: 'a' })
  world.socket.say({ type: 'snapshot', id: 1, jobs: [ended('a', 5)] }, live(1, 'p1', false))
  world.hide()
  const again = await visits.visit({ job: 'a' })
  again.socket.say(live(1, 'p1', true))
  expect(visits.told).toEqual(['a:1 completed'])
})

test('an end between the snapshot and the first live frame is told, those of the snapshot are not', async () => {
  const visits = new Visits()
  const { socket } = await visits.visit({ task: 'check' })
  socket.say({ type: 'snapshot', id: 1, jobs: [ended('old', 5)] })
  socket.say(update('p1', job('b', 2)), settled('p2', ended('a', 2)), live(1, 'p2', false))
  expect(visits.told).toEqual(['a:1 completed'])
})

test('two that ask for one topic share it; one that fails keeps the other from nothing', async () => {
  const visits = new Visits()
  const faults: unknown[] = []
  const caught = (error: unknown) => faults.push(error)
  process.once('uncaughtException', caught)
  const world = new World({ local: visits.local })
  const end = world.client.onSettled({ task: 'check' }, () => {
    throw new Error('mine')
  })
  world.client.onSettled({ task: 'check' }, (each) => visits.told.push(each.id))
  const socket = await world.open()
  expect(socket.subscribes()).toHaveLength(1)
  socket.say(live(1, 'p1', false), settled('p2', ended('a', 2)))
  end()
  socket.say(settled('p3', ended('b', 2)))
  expect(visits.told).toEqual(['a', 'b'])
  await new Promise((then) => setImmediate(then))
  process.off('uncaughtException', caught)
  expect(String(faults)).toContain('mine')
})

test('the marks of one user are not those of another', async () => {
  const visits = new Visits()
  const ann = await visits.visit({ task: 'check' })
  ann.socket.say(live(1, 'p1', false))
  ann.hide()
  const bob = new World({ local: visits.local })
  bob.me = { subject: 'bob', tenant: 'default', scopes: [] }
  bob.client.onSettled({ task: 'check' }, () => {})
  expect((await bob.open()).subscribes()[0]).not.toHaveProperty('after')
})

test('a claim is won by one tab, once', async () => {
  const browser = new FakeBrowser()
  const worlds = [new World({ browser }), new World({ browser }), new World({ browser })]
  const claimed = await Promise.all(worlds.map((world) => claim(world.client, 'toast:a:1')))
  expect(claimed.filter(Boolean)).toHaveLength(1)
  for (const world of worlds) world.pass(10_000)
  expect(await claim(worlds[0].client, 'toast:a:1')).toBe(false)
  expect(await claim(worlds[1].client, 'toast:a:2')).toBe(true)
  const alone = new World({ local: browser.local })
  expect(await claim(alone.client, 'toast:a:2')).toBe(false)
  expect(await claim(alone.client, 'toast:a:3')).toBe(true)
})
