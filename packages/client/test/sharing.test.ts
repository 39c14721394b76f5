/** Several tabs of one browser: one connection, no update lost when the tab that holds it goes. */
import { expect, test } from 'vitest'
import { FakeBrowser } from './browser.js'
import { type FakeSocket, job, update, World } from './world.js'

const tenant = { tenant: true } as const
const topics = (socket: FakeSocket) => socket.subscribes().map((frame) => frame.topic)

/** Opens tabs that look at everything; the first leads. */
async function tabs(count: number): Promise<{ browser: FakeBrowser; worlds: World[] }> {
  const browser = new FakeBrowser()
  const worlds: World[] = []
  for (let n = 0; n < count; n++) {
    const world = new World({ browser })
    worlds.push(world)
    world.client.jobs(tenant).subscribe(() => {})
    if (n === 0) await world.open()
    await world.settle()
  }
  return { browser, worlds }
}

/** Answers each subscription of a socket that has no state yet. */
function join(socket: FakeSocket, jobs: object[], position: string): void {
  for (const { id, after } of socket.subscribes()) {
    if (after === undefined) socket.say({ type: 'snapshot', id, jobs })
    socket.say({ type: 'live', id, position, resumed: after !== undefined, truncated: false })
  }
}

test('three tabs have one connection, and each is told its own', async () => {
  const { worlds } = await tabs(3)
  expect(worlds.flatMap((world) => world.sockets)).toHaveLength(1)
  const { socket } = worlds[0]
  expect(topics(socket)).toEqual([tenant, tenant, tenant])
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

for (const [how, go] of Object.entries({
  'is closed': (world: World) => world.hide(),
  stops: (world: World) => world.client.stop(),
})) {
  test(`a leader that ${how} hands over, and the others go on where they stood`, async () => {
    const { worlds } = await tabs(3)
    const [leader, heir, other] = worlds
    join(leader.socket, [job('a', 1)], 'p1')
    leader.socket.say(update('p2', job('a', 2), [1, 2, 3]))
    await leader.settle()
    go(leader)
    await heir.settle()
    expect([heir.sockets, other.sockets].map((sockets) => sockets.length)).toEqual([1, 0])
    const socket = await heir.open()
    await heir.settle()
    expect(socket.subscribes().map((frame) => frame.after)).toEqual(['p2', 'p2'])
    socket.say(update('p3', job('a', 3), [1]), update('p3', job('a', 3), [2]))
    join(socket, [], 'p3')
    await heir.settle()
    expect([heir.held(), other.held()]).toEqual([['a@3'], ['a@3']])
    expect([heir.connection(), other.connection()]).toEqual(['live', 'live'])
  })
}

test('a leader that crashes is followed by another at once', async () => {
  const { browser, worlds } = await tabs(2)
  const [leader, heir] = worlds
  join(leader.socket, [job('a', 1)], 'p1')
  await leader.settle()
  browser.crash(leader)
  await heir.settle()
  const socket = await heir.open()
  expect(socket.subscribes()).toEqual([{ type: 'subscribe', id: 1, topic: tenant, after: 'p1' }])
})

test('a tab that crashes without a word is let go of', async () => {
  const { browser, worlds } = await tabs(2)
  browser.crash(worlds[1])
  await worlds[0].settle()
  expect(worlds[0].socket.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 2 })
})

test('a leader that is frozen is deposed, and steps down when it thaws', async () => {
  const { browser, worlds } = await tabs(2)
  const [leader, heir] = worlds
  join(leader.socket, [job('a', 1)], 'p1')
  await leader.settle()
  browser.freeze(leader)
  heir.pass(37_500)
  expect(heir.connection()).toBe('offline')
  heir.pass(20_000)
  await heir.settle()
  heir.pass(2_000)
  await heir.settle()
  expect(heir.sockets).toHaveLength(1)
  const socket = await heir.open()
  expect(socket.subscribes()[0].after).toBe('p1')
  join(socket, [], 'p2')
  await heir.settle()
  expect(heir.connection()).toBe('live')
  browser.thaw(leader)
  await leader.settle()
  expect(leader.socket.closed).toBe(true)
  leader.pass(20_000)
  await leader.settle()
  expect(leader.sockets).toHaveLength(1)
  expect(socket.subscribes().at(-1)).toMatchObject({ topic: tenant, after: 'p1' })
})

test('a tab that comes later is not kept waiting for a greeting', async () => {
  const { browser, worlds } = await tabs(1)
  join(worlds[0].socket, [], 'p1')
  const late = new World({ browser })
  late.client.jobs({ owner: 'me' }).subscribe(() => {})
  await late.settle()
  expect(topics(worlds[0].socket)).toEqual([tenant, { owner: 'me' }])
  expect(late.sockets).toHaveLength(0)
  expect(late.client.who.getSnapshot()).toBeUndefined()
  late.draw()
  expect(late.client.who.getSnapshot()).toMatchObject({ subject: 'ann' })
})

test('two users of one browser never share', async () => {
  const { browser, worlds } = await tabs(1)
  const bob = new World({ browser })
  bob.me = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }
  bob.client.jobs(tenant).subscribe(() => {})
  await bob.settle()
  expect(bob.sockets).toHaveLength(1)
  expect(topics(worlds[0].socket)).toEqual([tenant])
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
