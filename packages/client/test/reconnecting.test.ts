import { expect, test } from 'vitest'
import { backoffMs } from '../src/closing.js'
import { type FakeSocket, job, uncaught, update, World } from './world.js'

const tenant = { tenant: true } as const

test('after a cut it goes on from the newest position and keeps what it held', async () => {
  const world = new World()
  let socket = await world.follow([job('a', 3)])
  socket.say(update('p2', job('a', 4)), { type: 'heartbeat', position: 'p7' })
  socket.end(1006)
  expect(world.connection()).toBe('offline')
  expect(world.held()).toEqual(['a@4'])
  world.pass(20_000)
  socket = await world.open()
  expect(socket.subscribes()).toEqual([{ type: 'subscribe', id: 1, topic: tenant, after: 'p7' }])
  expect(world.connection()).toBe('catchingUp')
  socket.say(update('p8', job('a', 5)), { type: 'live', id: 1, position: 'p8', resumed: true })
  expect(world.connection()).toBe('live')
  expect(world.held()).toEqual(['a@5'])
})

test('a join that could not resume replaces everything', async () => {
  const world = new World()
  let socket = await world.follow([job('a', 3), job('gone', 2)])
  socket.end(4003)
  world.pass(20_000)
  socket = await world.open()
  expect(socket.subscribes()[0].after).toBe('p1')
  socket.say({ type: 'snapshot', id: 1, jobs: [job('a', 9)] })
  socket.say({ type: 'live', id: 1, position: 'p9', resumed: false, reason: 'expired' })
  expect(world.held()).toEqual(['a@9'])
})

test('what catches up one subscription moves no other', async () => {
  const world = new World()
  let socket = await world.follow([])
  world.client.jobs({ owner: 'me' }).subscribe(() => {})
  socket.say(update('p5', job('a', 1), [1]), update('p3', job('b', 1), [2]))
  socket.say({ type: 'live', id: 2, position: 'p6', resumed: false })
  socket.end(1006)
  world.pass(20_000)
  socket = await world.open()
  expect(socket.subscribes().map((frame) => frame.after)).toEqual(['p5', 'p6'])
})

test('a cut before the end of a join leaves the older position', async () => {
  const world = new World()
  let socket = await world.follow([job('a', 3)])
  socket.end(1006)
  world.pass(20_000)
  socket = await world.open()
  socket.say(update('p4', job('a', 4)))
  socket.end(1006)
  world.pass(20_000)
  socket = await world.open()
  expect(socket.subscribes()[0].after).toBe('p1')
})

test('another epoch: no position is given, and revisions of the old one do not count', async () => {
  const world = new World()
  let socket = await world.follow([job('a', 30)])
  socket.end(1006)
  world.pass(20_000)
  socket = await world.open('e2')
  expect(socket.subscribes()[0]).not.toHaveProperty('after')
  socket.say({ type: 'snapshot', id: 1, jobs: [job('a', 2)] }, update('q2', job('b', 1)))
  socket.say({ type: 'live', id: 1, position: 'q2', resumed: false, reason: 'epoch' })
  expect(world.held()).toEqual(['b@1', 'a@2'])
})

test('back-off: full jitter between nothing and a bound that doubles up to the cap', () => {
  expect([0, 1, 2, 5, 6, 60].map((failures) => backoffMs(failures, 1))).toEqual([
    500, 1000, 2000, 16_000, 20_000, 20_000,
  ])
  expect(backoffMs(3, 0)).toBe(0)
})

test('failures in a row wait longer; a steady connection clears the count', async () => {
  const world = new World()
  world.fractions = 1
  world.reachable = false
  const waits = () => {
    world.draw()
    return (world.client.connection.getSnapshot().retryAt ?? 0) - world.time
  }
  const socket = await world.follow([])
  world.pass(10_000)
  socket.say({ type: 'heartbeat', position: 'p2' })
  socket.end(1006)
  const seen = [waits()]
  for (let n = 0; n < 3; n++) {
    world.pass(waits())
    await world.settle()
    world.socket.end(1006)
    seen.push(waits())
  }
  expect(seen).toEqual([500, 1000, 2000, 4000])
})

test('the server may say when to come back', async () => {
  const world = new World()
  const socket = await world.follow([])
  socket.say({ type: 'goingAway', retryInMs: 800 })
  socket.end(4000)
  world.pass(799)
  expect(world.sockets).toHaveLength(1)
  world.pass(1)
  await world.settle()
  expect(world.sockets).toHaveLength(2)
})

const codes: [number, string, string, boolean][] = [
  [1001, 'offline', 'going_away', false],
  [1006, 'offline', 'connection_lost', false],
  [4000, 'offline', 'going_away', false],
  [4002, 'offline', 'overloaded', false],
  [4003, 'offline', 'too_slow', false],
  [4042, 'offline', 'close_4042', false],
  [4100, 'offline', 'token_expired', true],
  [4142, 'offline', 'close_4142', true],
  [1000, 'stopped', 'done', false],
  [4200, 'stopped', 'unauthenticated', false],
  [4203, 'stopped', 'too_many_connections', false],
  [4242, 'stopped', 'close_4242', false],
]

test.each(codes)('close code %i: %s, %s', async (code, state, reason, atOnce) => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  socket.end(code)
  world.draw()
  expect(world.client.connection.getSnapshot()).toMatchObject({ state, reason })
  expect(world.held()).toEqual(code === 4200 ? [] : ['a@1'])
  world.pass(0)
  await world.settle()
  expect(world.sockets).toHaveLength(atOnce ? 2 : 1)
  world.pass(60_000)
  await world.settle()
  expect(world.sockets.length > 1).toBe(state === 'offline')
})

test('an expired token is asked for anew, at once, but not in a circle', async () => {
  const world = new World()
  const socket = await world.follow([])
  socket.end(4100)
  world.pass(0)
  await world.settle()
  expect(world.tokens).toEqual([false, true])
  world.socket.end(4100)
  world.pass(0)
  await world.settle()
  expect(world.sockets).toHaveLength(2)
})

test('another identity sees nothing of the former one', async () => {
  const world = new World()
  let socket = await world.follow([job('a', 1)])
  socket.end(4101)
  expect(world.held()).toEqual([])
  world.pass(0)
  socket = await world.open()
  expect(socket.subscribes()[0]).not.toHaveProperty('after')
})

test('another identity is asked for, also when a listener throws', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  world.client.jobs(tenant).subscribe(() => {
    throw new Error('mine')
  })
  expect(await uncaught(() => socket.end(4101))).toEqual(['Error: mine'])
  world.pass(0)
  await world.settle()
  expect(world.sockets).toHaveLength(2)
})

test('what is not JSON ends the connection, which goes on from before it', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  socket.onmessage?.({ data: '<html>' })
  expect(socket.closed).toBe(true)
  expect(world.connection()).toBe('offline')
  world.pass(20_000)
  expect((await world.open()).subscribes()[0].after).toBe('p1')
})

test('a log that was replaced is joined from nothing', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  socket.end(4001)
  world.pass(20_000)
  expect((await world.open()).subscribes()[0]).not.toHaveProperty('after')
})

test('giving up ends when a person asks for it', async () => {
  const world = new World()
  const socket = await world.follow([])
  socket.end(4200)
  world.client.reconnect()
  await world.open()
  expect(world.tokens).toEqual([false, true])
})

test('two and a half heartbeats of silence are a dead connection', async () => {
  const world = new World()
  const socket = await world.follow([])
  world.pass(37_000)
  socket.say({ type: 'heartbeat', position: 'p2' })
  world.pass(37_499)
  expect(world.connection()).toBe('live')
  world.pass(1)
  expect(world.client.connection.getSnapshot().state).toBe('live')
  world.draw()
  expect(world.client.connection.getSnapshot()).toMatchObject({ state: 'offline', reason: 'silence' })
  expect(socket.closed).toBe(true)
})

test('no greeting within ten seconds is a failed try', async () => {
  const world = new World()
  world.client.jobs(tenant).subscribe(() => {})
  await world.settle()
  world.pass(10_000)
  expect(world.connection()).toBe('offline')
})

test('waking tries at once, and a live connection must answer', async () => {
  const world = new World()
  world.fractions = 1
  let socket = await world.follow([])
  socket.end(1006)
  world.wake()
  await world.settle()
  expect(world.sockets).toHaveLength(2)
  socket = await world.open()
  socket.say({ type: 'live', id: 1, position: 'p1', resumed: true })
  world.wake()
  expect(socket.sent.at(-1)).toEqual({ type: 'ping' })
  world.pass(5_000)
  expect(world.connection()).toBe('offline')
})

test('rights are renewed in place before they end', async () => {
  const world = new World()
  const socket = await world.follow([])
  socket.say({ type: 'authenticated', expiresAt: new Date(world.time + 60_000).toISOString() })
  world.pass(27_499)
  await world.settle()
  expect(world.tokens).toHaveLength(1)
  world.pass(1)
  await world.settle()
  expect(socket.sent.at(-1)).toEqual({ type: 'auth', token: 'token-2' })
  expect(socket.subscribes()).toHaveLength(1)
})

test('a token that cannot be had is a failed try', async () => {
  const world = new World({ token: () => Promise.reject(new Error('no')) })
  world.client.jobs(tenant).subscribe(() => {})
  await world.settle()
  expect(world.connection()).toBe('offline')
})

test('a token that does not come is asked for anew when the page wakes', async () => {
  let asked = 0
  const world = new World({ token: () => (++asked === 1 ? new Promise(() => {}) : Promise.resolve('token')) })
  world.client.jobs(tenant).subscribe(() => {})
  await world.settle()
  expect(world.sockets).toHaveLength(0)
  world.wake()
  await world.settle()
  expect(world.sockets).toHaveLength(1)
})

test('a reconnect opens nothing while nothing is followed', async () => {
  const world = new World()
  world.client.reconnect()
  await world.settle()
  expect(world.tokens).toEqual([])
  expect(world.connection()).toBe('idle')
})

test.each<[string, (socket: FakeSocket) => void]>([
  ['the user is gone', (socket) => socket.end(4101)],
  ['nobody is signed in', (socket) => socket.end(4200)],
  ['another user is there', (socket) => socket.say({ type: 'authenticated', principal: { subject: 'bob' } })],
])('one who stops when told that %s has stopped it', async (_, happen) => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  const { who } = world.client
  who.subscribe(() => who.getSnapshot() ?? world.client.stop())
  happen(socket)
  await world.settle()
  world.pass(60_000)
  await world.settle()
  expect(socket.closed).toBe(true)
  expect(world.sockets).toHaveLength(1)
  world.draw()
  expect(who.getSnapshot()).toBeUndefined()
  expect(world.client.connection.getSnapshot()).toMatchObject({ state: 'stopped', reason: 'stopped' })
})

test('stop is for good', async () => {
  const world = new World()
  const socket = await world.follow([])
  world.client.stop()
  expect(socket.closed).toBe(true)
  world.wake()
  world.pass(60_000)
  expect(world.sockets).toHaveLength(1)
  expect(world.connection()).toBe('stopped')
})
