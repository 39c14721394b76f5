/** Ends of jobs are told once for each settlement, also those that were reached while no page was open. */
import { expect, test } from 'vitest'
import type { JobsTopic } from '../src/index.js'
import { FakeStorage } from './browser.js'
import { ended, job, live, settled, uncaught, update, World } from './world.js'

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
  socket.say({ type: 'snapshot', id: 1, jobs: [ended('old', 5)] }, live(1, 'p1'))
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
  first.socket.say(live(1, 'p1'), settled('p2', ended('a', 2)))
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
  first.socket.say(live(1, 'p1'), settled('p2', ended('a', 2, 1, '2026-11-22T10:00:01Z')))
  first.hide()
  const second = await visits.visit({ task: 'check' })
  const jobs = [
    ended('c', 2, 1, '2026-11-22T12:00:00Z'),
    ended('b', 2, 1, '2026-11-22T11:00:00Z'),
    ended('a', 2),
    ended('z', 2, 1, '2026-11-22T09:00:00Z'),
  ]
  second.socket.say({ type: 'snapshot', id: 1, jobs }, { ...live(1, 'q1'), reason: 'expired' })
  expect(visits.told.slice(1)).toEqual(['b:1 completed', 'c:1 completed'])
})

test('each tab tells it once, also one that is loaded anew while another is open', async () => {
  const visits = new Visits()
  const session = new FakeStorage()
  const one = await visits.visit({ task: 'check' })
  const two = await visits.visit({ task: 'check' }, session)
  for (const world of [one, two]) world.socket.say(live(1, 'p1'))
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
  world.socket.say({ type: 'snapshot', id: 1, jobs: [ended('a', 5)] }, live(1, 'p1'))
  world.hide()
  const again = await visits.visit({ job: 'a' })
  again.socket.say(live(1, 'p1', true))
  expect(visits.told).toEqual(['a:1 completed'])
})

test('the first time, what the server catches up before the topic is live is not news', async () => {
  const visits = new Visits()
  const { socket } = await visits.visit({ task: 'check' })
  socket.say({ type: 'snapshot', id: 1, jobs: [ended('old', 5)] })
  socket.say(update('p1', job('b', 2)), settled('p2', ended('a', 2)), live(1, 'p2'))
  expect(visits.told).toEqual([])
  socket.say(settled('p3', ended('b', 3)), settled('p3', ended('a', 2)))
  expect(visits.told).toEqual(['b:1 completed'])
})

test('two that ask for one topic share it; one that fails keeps the other from nothing', async () => {
  const visits = new Visits()
  const world = new World({ local: visits.local })
  const end = world.client.onSettled({ task: 'check' }, () => {
    throw new Error('mine')
  })
  world.client.onSettled({ task: 'check' }, (each) => visits.told.push(each.id))
  const socket = await world.open()
  expect(socket.subscribes()).toHaveLength(1)
  expect(await uncaught(() => socket.say(live(1, 'p1'), settled('p2', ended('a', 2))))).toEqual(['Error: mine'])
  end()
  socket.say(settled('p3', ended('b', 2)))
  expect(visits.told).toEqual(['a', 'b'])
})

test('the marks of one user are not those of another', async () => {
  const visits = new Visits()
  const ann = await visits.visit({ task: 'check' })
  ann.socket.say(live(1, 'p1'))
  ann.hide()
  const bob = new World({ local: visits.local })
  bob.me = { subject: 'bob', tenant: 'default', scopes: [] }
  bob.client.onSettled({ task: 'check' }, () => {})
  expect((await bob.open()).subscribes()[0]).not.toHaveProperty('after')
})

/** A second visit, to which the server cannot tell what it missed. */
async function expired(): Promise<{ visits: Visits; world: World; reset: object }> {
  const visits = new Visits()
  const first = await visits.visit({ task: 'check' })
  first.socket.say(live(1, 'p1'), settled('p2', ended('old', 2)))
  first.hide()
  visits.told.length = 0
  return { visits, world: await visits.visit({ task: 'check' }), reset: { ...live(1, 'q1'), reason: 'expired' } }
}

test('an end in a snapshot that the server starts over is told once', async () => {
  const { visits, world, reset } = await expired()
  const snapshot = { type: 'snapshot', id: 1, jobs: [ended('a', 2, 1, '2026-11-22T11:00:00Z')] }
  world.socket.say(snapshot, snapshot, reset)
  expect(visits.told).toEqual(['a:1 completed'])
})

test('an end between a snapshot and the first live frame hides none of the snapshot', async () => {
  const { visits, world, reset } = await expired()
  world.socket.say({ type: 'snapshot', id: 1, jobs: [ended('a', 2, 1, '2026-11-22T11:00:00Z')] })
  world.socket.say(settled('q1', ended('b', 2, 1, '2026-11-22T12:00:00Z')), reset)
  expect(visits.told).toEqual(['a:1 completed', 'b:1 completed'])
})

test('an end that comes between two that ask for a topic is told to the second', async () => {
  const world = new World()
  const told: string[] = []
  const ask = () => world.client.onSettled({ task: 'check' }, ({ id }) => told.push(id))
  const end = ask()
  const socket = await world.open()
  socket.say(live(1, 'p1'))
  end()
  world.pass(200)
  socket.say(settled('p2', ended('a', 2)))
  world.pass(200)
  ask()
  await world.settle()
  expect(told).toEqual(['a'])
  expect(socket.closed).toBe(false)
})

test('what was told just before the identity is asked anew is not told again to the same user', async () => {
  const visits = new Visits()
  const world = await visits.visit({ task: 'check' })
  world.socket.say(live(1, 'p1'), settled('p2', ended('a', 2)))
  world.client.identityChanged()
  const socket = await world.open()
  expect(socket.subscribes()[0].after).toBe('p2')
  socket.say(settled('p2', ended('a', 2)), live(1, 'p2', true))
  expect(visits.told).toEqual(['a:1 completed'])
})

test('while the storage is full the mark of before stays', async () => {
  const visits = new Visits()
  const first = await visits.visit({ task: 'check' })
  first.socket.say(live(1, 'p1'))
  first.pass(250)
  visits.local.full = true
  first.socket.say(settled('p2', ended('a', 2)))
  first.pass(250)
  const second = await visits.visit({ task: 'check' })
  expect(second.socket.subscribes()[0].after).toBe('p1')
})
