import { expect, test } from 'vitest'
import { Digest, digestOf } from '../src/digest.js'
import type { JobSummary } from '../src/index.js'
import { FakeBrowser, FakeStorage } from './browser.js'
import { job, update, World } from './world.js'

const ended = (id: string, minute: number, more: Partial<JobSummary> = {}) =>
  job(id, 2, {
    status: 'failed',
    settlement: 1,
    endedAt: `2026-11-22T11:${String(minute).padStart(2, '0')}:00Z`,
    ...more,
  })

/** A page that looks at its digest, with these jobs of the caller. */
async function visit(options: ConstructorParameters<typeof World>[0], ...jobs: JobSummary[]) {
  const world = new World({ share: false, ...options })
  const digest = new Digest(world.client)
  const end = digest.view.subscribe(() => {})
  const socket = await world.open()
  socket.say({ type: 'snapshot', id: 1, jobs }, { type: 'live', id: 1, position: 'p1', resumed: false })
  world.draw()
  const shown = () => {
    world.draw()
    const { running, settled, unread } = digest.view.getSnapshot()
    return { running: running.map(({ id }) => id), settled: settled.map(({ id }) => id), unread }
  }
  return { world, digest, socket, end, shown }
}

test('it follows what is mine, and shows nothing before it is here', async () => {
  const world = new World()
  const digest = new Digest(world.client)
  expect(digest.view.getSnapshot()).toEqual({ running: [], settled: [], unread: 0, ready: false })
  digest.view.subscribe(() => {})
  const socket = await world.open()
  expect(socket.subscribes().map((frame) => frame.topic)).toEqual([{ owner: 'me' }])
})

test('the first visit of a browser has seen all that ended before', async () => {
  const { socket, shown } = await visit({}, job('a', 1), ended('old', 1))
  expect(shown()).toEqual({ running: ['a'], settled: [], unread: 0 })
  socket.say(update('p2', ended('a', 5)))
  expect(shown()).toEqual({ running: [], settled: ['a'], unread: 1 })
})

test('a later visit shows what ended meanwhile, latest end first, until it is read', async () => {
  const local = new FakeStorage()
  await visit({ local }, job('a', 1), job('b', 1), ended('old', 1))
  const away = [ended('a', 9), ended('b', 5), ended('old', 1)]
  const second = await visit({ local }, ...away)
  expect(second.shown()).toEqual({ running: [], settled: ['a', 'b'], unread: 2 })
  second.digest.read()
  expect(second.shown()).toEqual({ running: [], settled: ['a', 'b'], unread: 0 })
  second.socket.say(update('p2', ended('c', 20)))
  expect(second.shown()).toEqual({ running: [], settled: ['c', 'a', 'b'], unread: 1 })
  second.digest.read()
  expect((await visit({ local }, ended('c', 20), ...away)).shown()).toEqual({ running: [], settled: [], unread: 0 })
})

test('two that ended at the same time are told apart, and so are two ends of one job', async () => {
  const local = new FakeStorage()
  const first = await visit({ local }, job('x', 1))
  first.socket.say(update('p2', ended('a', 5)))
  first.shown()
  first.digest.read()
  first.socket.say(update('p3', ended('b', 5)))
  expect(first.shown()).toMatchObject({ unread: 1 })
  first.digest.read()
  first.socket.say(update('p4', ended('a', 5, { rev: 4, settlement: 2 })))
  expect(first.shown()).toMatchObject({ unread: 1 })
})

test('what is read in one tab is read in the others', async () => {
  const browser = new FakeBrowser()
  await visit({ browser }, job('a', 1))
  const one = await visit({ browser }, ended('a', 5))
  const other = await visit({ browser }, ended('a', 5))
  expect([one.shown().unread, other.shown().unread]).toEqual([1, 1])
  one.digest.read()
  await other.world.settle()
  expect(other.shown()).toEqual({ running: [], settled: ['a'], unread: 0 })
})

test('each user has a mark of its own, and sees nothing of another', async () => {
  const local = new FakeStorage()
  const { world, digest, shown } = await visit({ local }, job('anns', 1))
  world.me = { subject: 'bob', tenant: 'default', scopes: [] }
  world.socket.end(4101)
  expect(digest.view.getSnapshot()).toMatchObject({ running: [], ready: false })
  world.pass(0)
  const socket = await world.open()
  socket.say(
    { type: 'snapshot', id: 1, jobs: [ended('bobs', 5), job('b', 1)] },
    { type: 'live', id: 1, position: 'p1', resumed: false },
  )
  expect(shown()).toEqual({ running: ['b'], settled: [], unread: 0 })
})

test('an end that is only expected has not settled', async () => {
  const { world, shown } = await visit({}, job('a', 1, { status: 'pending' }))
  world.answer = { status: 409, body: '{}' }
  const asked = world.client.abort('a').catch(() => {})
  expect(shown()).toEqual({ running: ['a'], settled: [], unread: 0 })
  await asked
})

test('without room in the storage it lasts as long as the page', async () => {
  const local = new FakeStorage()
  local.full = true
  const { socket, digest, shown } = await visit({ local }, job('a', 1))
  socket.say(update('p2', ended('a', 5)))
  expect(shown().unread).toBe(1)
  digest.read()
  expect(shown().unread).toBe(0)
})

test('all parts of a page share one, and when nobody looks nothing is left', async () => {
  const browser = new FakeBrowser()
  const { world, digest, end } = await visit({ browser }, job('a', 1))
  expect(digestOf(world.client)).toBe(digestOf(world.client))
  expect(browser.openChannels).toBe(1)
  end()
  expect(digest.view.getSnapshot().ready).toBe(false)
  world.pass(2_000)
  expect([world.socket.closed, browser.openChannels]).toEqual([true, 0])
})
