/** System 3: its admin page, with its own socket: authentication by message, job updates and counts, signs of life, tokens that end, reconnection. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { MovedApp } from './moved-app.js'

/** What the page waits before it connects again. */
const RECONNECT_MS = 3_000

let moved: MovedApp
let users = 0
let user: string

test.beforeAll(async () => {
  moved = await MovedApp.start(`[tasks.send-email]
command = ["true"]
channel = "plain"

[tasks.broken]
command = ["false"]
channel = "plain"
retry = { attempts = 5, base = "10ms" }

[tasks.import]
mode = "tracked"
`)
})

test.afterAll(async () => {
  await moved.end()
})

test.beforeEach(() => {
  user = `ann${++users}`
  moved.app.tokenSeconds = 3600
})

/** A page whose clock the test may move on. */
async function open(context: BrowserContext, as = user): Promise<Page> {
  const page = await context.newPage()
  await page.clock.install()
  await page.goto(`${moved.app.url}/moving/job-dashboard.html?user=${as}`)
  await connected(page)
  // What it fetched at first does not come after what it is told.
  await expect(page.locator('table')).toHaveAttribute('aria-busy', 'false')
  return page
}

const connected = (page: Page) => expect(page.getByRole('status')).toHaveText('Connected, 0 unread')
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

async function create(page: Page, name: string, maxRetries = '3'): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Max retries').fill(maxRetries)
  await page.getByRole('button', { name: 'Create job' }).click()
}

async function counts(page: Page, expected: Record<string, number>): Promise<void> {
  for (const [name, count] of Object.entries(expected))
    await expect(page.locator(`#count-${name}`)).toHaveText(`${count}`)
}

test('jobs are made, followed, retried and deleted, in two tabs alike, and nobody else sees them', async ({
  context,
  browser,
}) => {
  const [page, other] = [await open(context), await open(context)]
  await create(page, 'send-email')
  for (const tab of [page, other]) await expect(row(tab, 'send-email')).toContainText('completed')
  await create(page, 'broken', '2')
  for (const tab of [page, other]) {
    await expect(row(tab, 'broken')).toContainText('failed2 / 2')
    await counts(tab, { pending: 0, running: 0, completed: 1, failed: 1, total: 2 })
  }
  await other.close()
  await row(page, 'broken').getByRole('button', { name: 'Retry' }).click()
  await counts(page, { failed: 0 })
  await expect(row(page, 'broken')).toContainText('failed2 / 2')
  await counts(page, { failed: 1, total: 2 })

  const bobs = await browser.newContext()
  const his = await open(bobs, `bob${users}`)
  await create(his, 'send-email')
  await expect(row(his, 'send-email')).toContainText('completed')
  await counts(his, { completed: 1, total: 1 })
  await expect(his.getByRole('row')).toHaveCount(1)
  await bobs.close()

  await page.getByLabel('Status').selectOption('failed')
  await expect(page.getByRole('row')).toHaveCount(1)
  await row(page, 'broken').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('row')).toHaveCount(0)
  await counts(page, { completed: 1, failed: 0, total: 1 })
})

test('a page is loaded again, and its connection cut, in the middle of a job', async ({ context }) => {
  const page = await open(context)
  const job = await moved.track({ owner: user, task: 'import' })
  await expect(row(page, 'import')).toContainText('running')
  await page.reload()
  await connected(page)
  await expect(row(page, 'import')).toContainText('running')

  moved.app.cut()
  await expect(page.getByRole('status')).toHaveText('Disconnected')
  await job.complete()
  moved.app.mend()
  await page.clock.runFor(RECONNECT_MS)
  await connected(page)
  await expect(row(page, 'import')).toContainText('completed')
  await counts(page, { running: 0, completed: 1 })
})

test('a token that ends is seen on the live socket: the page gets another, and nobody is signed out', async ({
  context,
}) => {
  moved.app.tokenSeconds = 2
  const page = await open(context)
  const heard: string[] = []
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => heard.push(JSON.parse(String(payload)).type)),
  )
  moved.app.tokenSeconds = 3600
  await expect(page.getByRole('status')).toHaveText('Disconnected')
  await page.clock.runFor(RECONNECT_MS)
  const job = await moved.track({ owner: user, task: 'import' })
  await connected(page)
  await job.complete()
  await expect(row(page, 'import')).toContainText('completed')
  expect(heard).toContain('jobs_subscribed')
  expect(heard).not.toContain('auth_failed')
})

test('a ping is answered', async ({ context }) => {
  const page = await context.newPage()
  const heard: string[] = []
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => heard.push(JSON.parse(String(payload)).type)),
  )
  await page.clock.install()
  await page.goto(`${moved.app.url}/moving/job-dashboard.html?user=${user}`)
  await connected(page)
  await page.clock.runFor(30_000)
  await expect.poll(() => heard).toContain('pong')
  expect(heard[0]).toBe('auth_required')
})
