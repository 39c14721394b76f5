/** Several tabs of one browser have one connection. */
import { expect, test } from 'vitest'
import { FakeBrowser } from './browser.js'
import { Routes } from './routes.js'
import { join, tabs, topicsOf } from './tabs.js'
import { job, update, World } from './world.js'

const tenant = { tenant: true } as const
test('three tabs have one connection, and each is told its own', async () => {
  const { worlds } = await tabs(3)
  expect(worlds.flatMap((world) => world.sockets)).toHaveLength(1)
  const { socket } = worlds[0]
  expect(topicsOf(socket)).toEqual([tenant, tenant, tenant])
  join(socket, [job('a', 1)], 'p1')
  socket.say(update('p2', job('a', 2), [1, 3]))
  await worlds[0].settle()
  expect(worlds.map((world) => world.held())).toEqual([['a@2'], ['a@1'], ['a@2']])
  expect(worlds.map((world) => world.connection())).toEqual(['live', 'live', 'live'])
})

test('a tab that closes takes its subscriptions along, the last one the connection', async () => {
  const { browser, worlds } = await tabs(2)
  const { socket } = worlds[0]
  worlds[1].client.stop()
  await worlds[0].settle()
  expect(socket.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 2 })
  expect(socket.closed).toBe(false)
  worlds[0].client.stop()
  await worlds[0].settle()
  expect(socket.closed).toBe(true)
  expect(browser.openChannels).toBe(0)
  expect(browser.locks.names()).toEqual([])
})

test('a tab that crashes without a word is let go of', async () => {
  const { browser, worlds } = await tabs(2)
  browser.crash(worlds[1])
  await worlds[0].settle()
  expect(worlds[0].socket.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 2 })
})

test('a tab that comes later is not kept waiting for a greeting', async () => {
  const { browser, worlds } = await tabs(1)
  join(worlds[0].socket, [], 'p1')
  const late = new World({ browser })
  late.client.jobs({ owner: 'me' }).subscribe(() => {})
  await late.settle()
  expect(topicsOf(worlds[0].socket)).toEqual([tenant, { owner: 'me' }])
  expect(late.sockets).toHaveLength(0)
  expect(late.client.who.getSnapshot()).toBeUndefined()
  late.draw()
  expect(late.client.who.getSnapshot()).toMatchObject({ subject: 'ann' })
})

test('a tab that comes before the others are let in learns the heartbeat too', async () => {
  const browser = new FakeBrowser()
  const worlds = [new World({ browser }), new World({ browser })]
  const follow = async (world: World) => {
    world.client.jobs(tenant).subscribe(() => {})
    await world.settle()
  }
  await follow(worlds[0])
  const { socket } = worlds[0]
  socket.onopen?.()
  socket.say({ type: 'hello', protocol: 1, epoch: 'e1', heartbeatMs: 60_000 })
  await follow(worlds[1])
  socket.say({ type: 'authenticated', principal: worlds[0].me })
  await worlds[0].settle()
  join(socket, [], 'p1')
  await worlds[0].settle()
  worlds[1].pass(149_999)
  expect(worlds[1].connection()).toBe('live')
  worlds[1].pass(1)
  expect(worlds[1].connection()).toBe('offline')
})

test('a tab of which nothing is told lives on what the others are told', async () => {
  const { worlds } = await tabs(2)
  const { socket } = worlds[0]
  join(socket, [], 'p1')
  for (let minutes = 0; minutes < 5; minutes++) {
    for (const world of worlds) world.pass(30_000)
    socket.say(update(`p${minutes + 2}`, job('a', minutes + 1), [1]))
    await worlds[1].settle()
    expect(worlds.map((world) => world.connection())).toEqual(['live', 'live'])
  }
  expect(worlds[1].held()).toEqual([])
})

test.each([5, 60, 200])('tabs that hear each other after %i ms join a stream together', async (latencyMs) => {
  const browser = new FakeBrowser(latencyMs)
  const both = [new Routes({ WebSocket: undefined, browser }), new Routes({ WebSocket: undefined, browser })]
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += latencyMs) {
      for (const { world } of both) world.pass(latencyMs)
      await both[0].rest()
    }
  }
  for (const [n, { world }] of both.entries()) {
    world.client.jobs({ job: `job_${n}` }).subscribe(() => {})
    await pass(40 * latencyMs)
  }
  await pass(160 * latencyMs)
  const asked = both.flatMap((routes) => routes.asked)
  expect(asked.at(-1)?.query.getAll('topic')).toEqual(['{"job":"job_0"}', '{"job":"job_1"}', '{"tasks":true}'])
  expect(asked.length).toBeLessThan(6)
})

test('when the connection ends all tabs are told why, and share the next one', async () => {
  const { worlds } = await tabs(2)
  join(worlds[0].socket, [job('a', 1)], 'p1')
  worlds[0].socket.say({ type: 'goingAway', retryInMs: 300 })
  worlds[0].socket.end(4000)
  await worlds[0].settle()
  expect(worlds.map((world) => world.connection())).toEqual(['offline', 'offline'])
  for (const world of worlds) {
    world.pass(300)
    await world.settle()
  }
  expect(worlds.map((world) => world.sockets.length)).toEqual([2, 0])
  const socket = await worlds[0].open()
  await worlds[0].settle()
  expect(socket.subscribes().map((frame) => frame.after)).toEqual(['p1', 'p1'])
})

test('one renewal of the rights does for all', async () => {
  const { worlds } = await tabs(2)
  const { socket } = worlds[0]
  const auths = () => socket.sent.filter((frame) => frame.type === 'auth').length
  const expiresAt = (ms: number) => new Date(worlds[0].time + ms).toISOString()
  worlds[1].fractions = 0.1
  socket.say({ type: 'authenticated', principal: worlds[0].me, expiresAt: expiresAt(60_000) })
  await worlds[0].settle()
  expect(auths()).toBe(1)
  worlds[0].pass(28_000)
  await worlds[0].settle()
  expect(auths()).toBe(2)
  socket.say({ type: 'authenticated', principal: worlds[0].me, expiresAt: expiresAt(60_000) })
  await worlds[0].settle()
  worlds[1].pass(31_000)
  await worlds[1].settle()
  expect(auths()).toBe(2)
})

test('a tab for which the connection has no room connects alone', async () => {
  const { worlds } = await tabs(2)
  worlds[0].socket.say({ type: 'error', id: 2, code: 'too_many_subscriptions', message: '200 are the most' })
  await worlds[1].settle()
  expect(worlds[1].sockets).toHaveLength(1)
  expect(worlds[0].socket.closed).toBe(false)
})

test('without these abilities, or when told so, each tab connects alone', async () => {
  const browser = new FakeBrowser()
  const alone = [new World({ browser, share: false }), new World({ browser, locks: undefined }), new World()]
  for (const world of alone) {
    world.client.jobs(tenant).subscribe(() => {})
    await world.settle()
  }
  expect(alone.map((world) => world.sockets.length)).toEqual([1, 1, 1])
})

test('where locks are refused a tab connects alone, and does not ask for them without end', async () => {
  let asked = 0
  const request = () => {
    // Without a bound the test would not end when it should fail.
    if (++asked > 100) return new Promise(() => {})
    return Promise.reject(new DOMException('The page has no origin.', 'SecurityError'))
  }
  const world = new World({ browser: new FakeBrowser(), locks: { request } })
  world.client.jobs(tenant).subscribe(() => {})
  for (let n = 0; n < 20; n++) await world.settle()
  expect(world.sockets).toHaveLength(1)
  expect(asked).toBeLessThan(10)
})

test.each([4200, 4203])('told to stop with %i, a tab lets go of channel and locks', async (code) => {
  const browser = new FakeBrowser()
  const world = new World({ browser })
  const end = world.client.jobs(tenant).subscribe(() => {})
  await world.open()
  world.socket.end(code)
  const left = async () => {
    await world.settle()
    return [browser.openChannels, browser.locks.names()]
  }
  expect(await left()).toEqual([0, []])
  world.hide()
  expect(await left()).toEqual([0, []])
  end()
  world.pass(1_000)
  expect(await left()).toEqual([0, []])
  expect(world.connection()).toBe('stopped')
})

test('nothing followed any more: connection, channel and locks are let go of', async () => {
  const browser = new FakeBrowser()
  const world = new World({ browser })
  const end = world.client.jobs(tenant).subscribe(() => {})
  await world.open()
  end()
  world.pass(1_000)
  await world.settle()
  expect(world.socket.closed).toBe(true)
  expect([browser.openChannels, browser.locks.names()]).toEqual([0, []])
  expect(world.connection()).toBe('idle')
})
