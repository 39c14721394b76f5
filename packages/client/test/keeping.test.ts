/** State and position survive a reload together or not at all; nothing of one user is there for another. */
import { expect, test } from 'vitest'
import { claim } from '../src/claims.js'
import { FakeBrowser, FakeStorage } from './browser.js'
import { job, uncaught, update, World } from './world.js'

const tenant = { tenant: true } as const
const bob = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }

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
  after.me = bob
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

test('a page that is left before it is known who is there leaves what was kept to the next', async () => {
  const session = new FakeStorage()
  const before = new World({ session })
  await before.follow([job('a', 3)])
  before.hide()
  const between = new World({ session })
  between.client.jobs(tenant).subscribe(() => {})
  await between.settle()
  between.hide()
  const after = new World({ session })
  after.client.jobs(tenant).subscribe(() => {})
  expect((await after.open()).subscribes()[0].after).toBe('p1')
  expect(after.held()).toEqual(['a@3'])
})

test('another user on the same connection: the store is emptied, and joined anew', async () => {
  const world = new World()
  await world.follow([job('a', 3)])
  world.socket.say({ type: 'heartbeat', position: 'p9' })
  world.me = bob
  world.socket.say({ type: 'authenticated', principal: bob })
  expect(world.client.jobs(tenant).getSnapshot().jobs).toEqual([])
  await world.settle()
  expect(world.sockets).toHaveLength(2)
  expect((await world.open()).subscribes()[0]).not.toHaveProperty('after')
})

test('told that the identity changed, views are empty at once, and joined from nothing', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 3)])
  socket.say(update('p2', job('a', 4)))
  world.client.identityChanged()
  expect(world.client.jobs(tenant).getSnapshot()).toMatchObject({ jobs: [], ready: false })
  expect(world.client.who.getSnapshot()).toBeUndefined()
  expect((await world.open()).subscribes()[0]).not.toHaveProperty('after')
  expect(world.tokens).toEqual([false, true])
})

test('told that the identity changed, the former connection ends, also when a listener throws', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 3)])
  world.client.jobs(tenant).subscribe(() => {
    throw new Error('mine')
  })
  expect(await uncaught(() => world.client.identityChanged())).toEqual(['Error: mine'])
  expect(socket.closed).toBe(true)
  socket.say(update('p5', job('secret', 1)))
  expect(world.held()).toEqual([])
})

test('whoever is told that a user is gone sees nothing of that user any more', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  const seen: unknown[] = []
  const look = () => seen.push(world.client.jobs(tenant).getSnapshot().jobs.length, world.client.who.getSnapshot())
  world.client.jobs(tenant).subscribe(look)
  world.client.who.subscribe(look)
  socket.end(4101)
  expect(seen).toEqual([0, undefined, 0, undefined])
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
