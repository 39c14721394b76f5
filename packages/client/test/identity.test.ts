/** Tabs share a connection only with those of the same user, so each asks the server first who is there. */
import { expect, test } from 'vitest'
import { FakeBrowser } from './browser.js'
import { join, tabs, topicsOf } from './tabs.js'
import { job, World } from './world.js'

const tenant = { tenant: true } as const
const bob = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }

test('two users of one browser never share', async () => {
  const { browser, worlds } = await tabs(1)
  const other = new World({ browser })
  other.me = bob
  other.client.jobs(tenant).subscribe(() => {})
  await other.settle()
  expect(other.sockets).toHaveLength(1)
  expect(topicsOf(worlds[0].socket)).toEqual([tenant])
})

test('somebody else signs in in one tab: the other goes on as before, and leads', async () => {
  const { worlds } = await tabs(2)
  const [one, two] = worlds
  join(one.socket, [job('a', 1)], 'p1')
  one.socket.say({ type: 'heartbeat', position: 'p4' })
  await two.settle()
  one.me = bob
  one.client.identityChanged()
  await one.settle()
  expect(worlds.map((world) => world.held())).toEqual([[], ['a@1']])
  expect(worlds.map((world) => world.sockets.length)).toEqual([2, 1])
  expect((await one.open()).subscribes()[0]).not.toHaveProperty('after')
  expect((await two.open()).subscribes()[0].after).toBe('p4')
})

/** A tab whose questions who is there wait for the test. */
function asking(): { browser: FakeBrowser; world: World; answers: ((response: Response) => void)[]; end(): void } {
  const browser = new FakeBrowser()
  const answers: ((response: Response) => void)[] = []
  const world = new World({ browser, token: async () => 'token' })
  world.identify = () => new Promise((then) => answers.push(then))
  return { browser, world, answers, end: world.client.jobs(tenant).subscribe(() => {}) }
}

test('a question that is never answered is asked again', async () => {
  const { world, answers } = asking()
  await world.settle()
  world.pass(20_000)
  await world.settle()
  expect(answers.length).toBeGreaterThan(1)
  answers.at(-1)?.(Response.json(world.me))
  await world.settle()
  expect(world.sockets).toHaveLength(1)
})

test('an answer that comes after the last topic was let go opens nothing', async () => {
  const { browser, world, answers, end } = asking()
  await world.settle()
  end()
  world.pass(1_000)
  expect(world.connection()).toBe('idle')
  answers[0](Response.json(world.me))
  await world.settle()
  expect(world.sockets).toEqual([])
  expect([browser.openChannels, browser.locks.names()]).toEqual([0, []])
})

test('an answer that comes after that of a newer question counts for nothing', async () => {
  const { world, answers } = asking()
  await world.settle()
  world.client.identityChanged()
  await world.settle()
  expect(answers).toHaveLength(2)
  answers[1](Response.json(bob))
  await world.settle()
  answers[0](Response.json(world.me))
  await world.settle()
  expect(world.sockets).toHaveLength(1)
  world.me = bob
  const socket = await world.open()
  expect(socket.closed).toBe(false)
  expect(topicsOf(socket)).toEqual([tenant])
})

test('a proxy that answers in place of the server is asked again', async () => {
  const world = new World({ browser: new FakeBrowser() })
  const { identify } = world
  world.identify = async () => new Response('default backend - 404', { status: 404 })
  world.client.jobs(tenant).subscribe(() => {})
  await world.settle()
  expect(world.connection()).toBe('offline')
  world.identify = identify
  world.pass(20_000)
  await world.settle()
  expect(world.sockets).toHaveLength(1)
})
