/** WebSocket, then a stream, then long poll, on the same positions. */
import { expect, test } from 'vitest'
import { Routes } from './routes.js'
import { job, live, update, type World } from './world.js'

test('a socket that dies young twice while the server answers gives way to a stream', async () => {
  const routes = new Routes()
  const { world } = routes
  await routes.follow()
  for (const sockets of [1, 2]) {
    expect(world.sockets).toHaveLength(sockets)
    world.socket.end(1006)
    await routes.rest()
    await routes.retry()
  }
  expect(world.sockets).toHaveLength(2)
  expect(routes.newest.path).toBe('/live/events')
  expect(routes.newest.query.getAll('topic')).toEqual(['{"tenant":true}', '{"tasks":true}'])
  expect(routes.newest.headers.authorization).toMatch(/^Bearer token-/)
  await routes.stream()
  await routes.say({ type: 'snapshot', id: 1, jobs: [job('a', 1)] })
  await routes.say(live(1, 'p1'))
  await routes.say(update('p2', job('a', 2)))
  expect(world.held()).toEqual(['a@2'])
  expect(world.connection()).toBe('live')
})

test.each<[string, (world: World) => void]>([
  ['cannot be reached', (world) => (world.reachable = false)],
  ['is down behind its proxy', (world) => (world.identify = async () => new Response('bad gateway', { status: 502 }))],
])('while the server %s no edge is given up', async (_, fail) => {
  const routes = new Routes()
  const { world } = routes
  fail(world)
  await routes.follow()
  for (let sockets = 1; sockets < 6; sockets++) {
    expect(world.sockets).toHaveLength(sockets)
    world.socket.end(1006)
    await routes.retry()
  }
})

test('a socket that is held back without a word gives way after one wait', async () => {
  const routes = new Routes()
  const { world } = routes
  await routes.follow()
  world.socket.onopen?.()
  world.pass(10_000)
  await routes.rest()
  await routes.retry()
  expect(routes.newest?.path).toBe('/live/events')
})

test('a stream that dies young gives way to long polls, which go on from the position it had', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  await routes.stream()
  await routes.say({ type: 'snapshot', id: 1, jobs: [job('a', 1)] })
  await routes.say(live(1, 'p1'))
  for (let times = 0; times < 2; times++) {
    expect(routes.newest.path).toBe('/live/events')
    if (times) await routes.stream()
    await routes.end()
    await routes.retry()
  }
  expect(routes.newest.path).toBe('/live/poll')
  expect(routes.newest.query.getAll('after')).toEqual(['p1'])
  expect(routes.newest.query.get('wait')).toBe('0')
  await routes.answer('p5', update('p4', job('a', 2)))
  expect(world.held()).toEqual(['a@2'])
  expect(world.connection()).toBe('live')
  expect(routes.newest.query.getAll('after')).toEqual(['p5'])
  expect(routes.newest.query.get('wait')).toBe('25')
})

test('long polls: what is reset is replaced, an answer without anything is not asked again at once', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  await routes.cutStreams()
  expect(routes.newest.path).toBe('/live/poll')
  await routes.answer('p1', { type: 'snapshot', id: 1, jobs: [job('a', 1)] }, live(1, 'p1'))
  expect(world.held()).toEqual(['a@1'])
  const asked = routes.asked.length
  await routes.answer('p1')
  expect(routes.asked).toHaveLength(asked)
  world.pass(1_000)
  await routes.rest()
  expect(routes.asked).toHaveLength(asked + 1)
  const again = { ...live(1, 'q1'), reason: 'epoch' }
  await routes.answer('q1', { type: 'snapshot', id: 1, jobs: [job('b', 1)] }, again)
  expect(world.held()).toEqual(['b@1'])
})

test('long polls: a request that the server holds is not silence', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  await routes.cutStreams()
  await routes.answer('p1', live(1, 'p1'))
  const asked = routes.asked.length
  routes.world.pass(25_000)
  await routes.rest()
  expect(routes.world.connection()).toBe('live')
  expect(routes.asked).toHaveLength(asked)
})

test('long polls: a topic that is refused each time is not asked again at once', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  await routes.cutStreams()
  const refusal = { type: 'error', id: 1, code: 'not_found', message: 'There is no such job.' }
  await routes.answer('p1', refusal)
  const asked = routes.asked.length
  await routes.answer('p1', refusal)
  expect(routes.asked).toHaveLength(asked)
  routes.world.pass(1_000)
  await routes.rest()
  expect(routes.asked).toHaveLength(asked + 1)
})

test('a stream asks for no more topics than the server takes, and says so of the rest', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const topics = Array.from({ length: 20 }, (_, n) => ({ job: `job_${n}` }))
  await routes.follow(...topics)
  expect(routes.newest.query.getAll('topic')).toHaveLength(20)
  routes.world.draw()
  const errors = topics.map((topic) => routes.world.client.jobs(topic).getSnapshot().error?.code)
  expect(errors).toEqual([...Array(19).fill(undefined), 'too_many_subscriptions'])
})

test('a stream is read however it is cut, and its comments are passed over', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  await routes.stream()
  const events = [{ type: 'snapshot', id: 1, jobs: [job('ü', 1)] }, live(1, 'p1')]
  const text = events.map((frame) => `: still here\nevent: frame\ndata: ${JSON.stringify(frame)}\n\n`).join('')
  await routes.send(...Array.from(new TextEncoder().encode(text), (byte) => new Uint8Array([byte])))
  expect(routes.world.held()).toEqual(['ü@1'])
})

test('a topic that comes later begins the stream anew, each topic where it stands', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  await routes.stream()
  await routes.say(live(1, 'p1'))
  world.client.jobs({ owner: 'me' }).subscribe(() => {})
  await routes.rest()
  // It is waited for others that come late, then for those that join again.
  for (let times = 0; times < 2; times++) {
    world.pass(100)
    await routes.rest()
  }
  expect(routes.newest.query.getAll('topic')).toEqual(['{"tenant":true}', '{"owner":"me"}', '{"tasks":true}'])
  expect(routes.newest.query.getAll('after')).toEqual(['p1', '', ''])
  expect(world.tokens).toHaveLength(1)
})

test.each([
  [401, { code: 'unauthenticated' }, 'stopped', 'unauthenticated'],
  [403, { code: 'forbidden_origin' }, 'stopped', 'forbidden_origin'],
  [429, { code: 'rate_limited' }, 'offline', 'rate_limited'],
  [503, {}, 'offline', 'http_503'],
])('a refusal of a stream with %i %j: %s, %s', async (status, body, state, reason) => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  routes.newest.answer(Response.json(body, { status }))
  await routes.rest()
  routes.world.draw()
  expect(routes.world.client.connection.getSnapshot()).toMatchObject({ state, reason })
})

test('a stream ends with the reason that its last event names', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  await routes.stream()
  await routes.say({ type: 'error', code: 'token_expired', message: 'the server ended the stream' })
  expect(routes.world.connection()).toBe('offline')
  expect(routes.world.tokens).toEqual([false, true])
})

test('a token that a request is refused for is asked for anew', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  routes.newest.answer(Response.json({ code: 'token_expired' }, { status: 401 }))
  await routes.rest()
  expect(routes.world.tokens).toEqual([false, true])
})
