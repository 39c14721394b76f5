/** One tab holds the connection of all: no update is lost when it goes, hangs or comes back. */
import { expect, test } from 'vitest'
import { FakeBrowser } from './browser.js'
import { join, tabs } from './tabs.js'
import { job, update, World } from './world.js'

const tenant = { tenant: true } as const

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

test('a leader that thaws takes no tab along', async () => {
  const { browser, worlds } = await tabs(3)
  const [leader, heir, other] = worlds
  join(leader.socket, [job('a', 1)], 'p1')
  await leader.settle()
  browser.freeze(leader)
  heir.wake()
  for (const milliseconds of [5_000, 500, 2_000]) {
    heir.pass(milliseconds)
    await heir.settle()
  }
  join(await heir.open(), [], 'p2')
  await heir.settle()
  join(heir.socket, [], 'p2')
  await other.settle()
  const states = () => [heir, other].map((world) => world.connection())
  expect(states()).toEqual(['live', 'live'])
  browser.thaw(leader)
  const seen = new Set<string>()
  for (let turns = 0; turns < 60; turns++) {
    await Promise.resolve()
    for (const state of states()) seen.add(state)
  }
  expect([...seen]).toEqual(['live'])
  expect(leader.socket.closed).toBe(true)
})

test('a leader that is hidden while its token is asked for lets another lead', async () => {
  const browser = new FakeBrowser()
  const tokens = [Promise.resolve('token'), new Promise<string>(() => {})]
  const world = new World({ browser, token: () => tokens.shift() as Promise<string> })
  world.client.jobs(tenant).subscribe(() => {})
  join(await world.open(), [], 'p1')
  world.socket.end(1006)
  world.pass(20_000)
  await world.settle()
  expect(browser.locks.names()).not.toEqual([])
  world.hide()
  await world.settle()
  expect(browser.locks.names()).toEqual([])
})
