/** The client in real tabs of a real browser, against the real server, through everything that happens to both. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { App } from './app.js'
import { SECRET, Server } from './server.js'

let server: Server
let app: App

test.beforeEach(async () => {
  server = await Server.start()
  app = await App.before(server.url)
})

test.afterEach(async () => {
  app.close()
  await server.remove()
})

const ALL = { topic: '{"tenant":true}', settled: '{"tenant":true}' }

async function open(context: BrowserContext, query: Record<string, string> = ALL): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${app.url}/watch.html?${new URLSearchParams(query)}`)
  return page
}

const live = (page: Page) => expect(page.locator('#connection')).toHaveText('live')
const row = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text })
const told = (page: Page) => page.evaluate(() => window.told)
const sockets = () => app.passed.filter((path) => path === 'websocket').length

/** Ends a job of this title, so that whoever watches has something to be told. */
async function settle(title: string, token?: string): Promise<void> {
  await (await server.track(title, token)).complete()
}

test('three tabs share one connection; the one that holds it crashes, and nothing is missed', async ({ context }) => {
  const first = await open(context)
  await live(first)
  const others = [await open(context), await open(context)]
  for (const page of others) await live(page)
  expect(sockets()).toBe(1)
  await settle('before')
  for (const page of [first, ...others]) await expect.poll(() => told(page)).toEqual(['before completed'])

  const crash = first.waitForEvent('crash')
  const devtools = await context.newCDPSession(first)
  devtools.send('Page.crash').catch(() => {})
  await crash
  await settle('between')
  for (const page of others) {
    await expect(row(page, 'between completed')).toBeVisible()
    await live(page)
    await expect.poll(() => told(page)).toEqual(['before completed', 'between completed'])
  }
  expect(sockets()).toBe(2)
})

test('a tab that is closed hands over to the next', async ({ context }) => {
  const first = await open(context)
  await live(first)
  const second = await open(context)
  await live(second)
  await first.close()
  await settle('later')
  await expect(row(second, 'later completed')).toBeVisible()
  await expect.poll(() => told(second)).toEqual(['later completed'])
})

test('a reload in the middle of a job shows it at once, and a later one what settled meanwhile', async ({
  context,
}) => {
  const page = await open(context)
  await live(page)
  const job = await server.track('long')
  await job.progress(40)
  await expect(row(page, 'long running')).toBeVisible()
  const joins: string[] = []
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => joins.push(String(payload))))
  await page.reload()
  await expect(row(page, 'long running')).toBeVisible()
  await live(page)
  expect(joins.filter((frame) => frame.includes('"resumed":true'))).toHaveLength(2)
  expect(joins.filter((frame) => frame.includes('"type":"snapshot"'))).toEqual([])

  const address = page.url()
  await page.goto('about:blank')
  await job.complete()
  await page.goto(address)
  await expect(row(page, 'long completed')).toBeVisible()
  await expect.poll(() => told(page)).toEqual(['long completed'])
  await page.reload()
  await live(page)
  await expect(row(page, 'long completed')).toBeVisible()
  expect(await told(page)).toEqual([])
})

test('the server is killed and started again: every tab goes on where it stood', async ({ context }) => {
  const pages = [await open(context), await open(context)]
  for (const page of pages) await live(page)
  const job = await server.track('through')
  for (const page of pages) await expect(row(page, 'through running')).toBeVisible()
  await server.kill()
  for (const page of pages) await expect(page.locator('#connection')).toHaveText('offline')
  for (const page of pages) await expect(row(page, 'through running')).toBeVisible()
  await server.startAgain()
  await job.complete()
  for (const page of pages) {
    await live(page)
    await expect(row(page, 'through completed')).toBeVisible()
    await expect.poll(() => told(page)).toEqual(['through completed'])
  }
})

test('the network is cut and comes back', async ({ context }) => {
  const page = await open(context)
  await live(page)
  app.cut()
  await expect(page.locator('#connection')).toHaveText('offline')
  await settle('meanwhile')
  app.mend()
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(row(page, 'meanwhile completed')).toBeVisible()
  await expect.poll(() => told(page)).toEqual(['meanwhile completed'])
})

test('a device that loses its network says so within seconds, though its socket looks open', async ({ context }) => {
  const page = await open(context)
  await live(page)
  await context.setOffline(true)
  await expect(page.locator('#connection')).toHaveText('offline', { timeout: 10_000 })
  await settle('unheard')
  await context.setOffline(false)
  await live(page)
  await expect(row(page, 'unheard completed')).toBeVisible()
  await expect.poll(() => told(page)).toEqual(['unheard completed'])
})

test('a laptop sleeps: the frozen page leads no more, and goes on when it wakes', async ({ context }) => {
  const sleeper = await open(context)
  await live(sleeper)
  const other = await open(context)
  await live(other)
  const devtools = await context.newCDPSession(sleeper)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  await settle('asleep')
  await expect(row(other, 'asleep completed')).toBeVisible()
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  await live(sleeper)
  await expect(row(sleeper, 'asleep completed')).toBeVisible()
  await expect.poll(() => told(sleeper)).toEqual(['asleep completed'])
})

test('a page comes back from the back-forward cache as it was, and catches up', async ({ context }) => {
  const page = await open(context)
  await live(page)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await page.goto(`${app.url}/crowd.html`)
  await settle('behind')
  // A page that was kept loads nothing, so that there is no load to wait for.
  await page.goBack({ waitUntil: 'commit' })
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
  await expect(row(page, 'behind completed')).toBeVisible()
  await expect.poll(() => told(page)).toEqual(['behind completed'])
})

for (const [blocked, edge] of [
  [['websocket'], '/api/v1/live/events'],
  [['websocket', 'stream'], '/api/v1/live/poll'],
] as const) {
  test(`without ${blocked.join(' and ')} two tabs are live by ${edge}`, async ({ context }) => {
    app.blocked = new Set(blocked)
    const page = await open(context)
    await live(page)
    const second = await open(context)
    await live(second)
    expect(app.passed).toContain(edge)
    await settle('around')
    for (const each of [page, second]) {
      await expect(row(each, 'around completed')).toBeVisible()
      await expect.poll(() => told(each)).toEqual(['around completed'])
    }
  })
}

test('what settled while no tab was open is told by the next one, once', async ({ context }) => {
  const page = await open(context)
  await live(page)
  await page.close()
  const job = await server.track('away')
  await job.fail('it broke')
  const next = await open(context)
  await expect.poll(() => told(next)).toEqual(['away failed'])
  const third = await open(context)
  await live(third)
  expect(await told(third)).toEqual([])
})

test('a client that is stopped leaves no lock behind', async ({ context }) => {
  const page = await open(context)
  await live(page)
  const locks = () =>
    page.evaluate(async () => {
      const names = (await navigator.locks.query()).held?.map((lock) => lock.name ?? '') ?? []
      return names.filter((name) => name.startsWith('tidings'))
    })
  expect(await locks()).toHaveLength(2)
  await page.evaluate(() => window.tidings.stop())
  await expect.poll(locks).toEqual([])
  await expect(page.locator('#connection')).toHaveText('stopped')
})

test.describe('with users', () => {
  test.beforeEach(async () => {
    await server.remove()
    app.close()
    server = await Server.closed()
    app = await App.before(server.url, SECRET)
  })

  test('a token that ends is renewed in place, and the connection stays', async ({ context }) => {
    app.tokenSeconds = 12
    const page = await open(context, { user: 'ann' })
    await live(page)
    // The server ends whoever is not renewed within a second of the end of the token.
    await expect.poll(() => app.issued, { timeout: 30_000 }).toBeGreaterThan(2)
    await settle('still', app.token('ann', 60))
    await expect(row(page, 'still completed')).toBeVisible()
    expect(sockets()).toBe(1)
  })

  test('signing out and in as somebody else shows nothing of the former user', async ({ context }) => {
    await settle("ann's", app.token('ann'))
    await settle("bob's", app.token('bob'))
    const page = await open(context, { user: 'ann' })
    await expect(row(page, "ann's completed")).toBeVisible()
    const other = await open(context, { user: 'ann' })
    await expect(row(other, "ann's completed")).toBeVisible()
    await page.evaluate(() => {
      window.shown = []
      window.signIn('bob')
    })
    await expect(row(page, "bob's completed")).toBeVisible()
    expect(await page.evaluate(() => window.shown.filter((text) => text.includes('ann')))).toEqual([])
    await live(other)
    await expect(row(other, "ann's completed")).toBeVisible()

    await page.evaluate(() => sessionStorage.setItem('kept', 'yes'))
    await page.goto(`${app.url}/watch.html?user=ann`)
    await expect(row(page, "ann's completed")).toBeVisible()
    expect(await page.evaluate(() => window.shown.filter((text) => text.includes('bob')))).toEqual([])
  })
})
