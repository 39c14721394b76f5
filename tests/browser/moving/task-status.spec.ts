/** System 4: a page with the hook and the store of the document on its own socket, and with the package in their place. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { MovedApp } from './moved-app.js'

let moved: MovedApp
/** Each test has somebody and tasks of its own. */
let tests = 0
let user: string

const COLORS = {
  pending: 'rgb(59, 130, 246)',
  running: 'rgb(245, 158, 11)',
  completed: 'rgb(16, 185, 129)',
  failed: 'rgb(239, 68, 68)',
}

test.beforeAll(async () => {
  moved = await MovedApp.start('[tasks.index]\nmode = "tracked"\n')
})

test.afterAll(async () => {
  await moved.end()
})

test.beforeEach(() => {
  user = `ann${++tests}`
})

async function open(context: BrowserContext, query: string, as = user): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${moved.app.url}/moving/task-status.html?user=${as}${query}`)
  await connected(page)
  return page
}

const connected = (page: Page) => expect(page.getByRole('status')).toHaveText('connected')
const task = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Calendar' }).getByRole('listitem').filter({ hasText: name })
const agents = (page: Page) => page.getByRole('list', { name: 'Agents' }).getByRole('listitem')
const counts = (page: Page) => page.locator('#counts')

/** What the app's backend asks, past the way that pages take. */
async function ask(method: string, path: string, body: object, as = user): Promise<void> {
  const headers = { authorization: `Bearer ${moved.app.token(as)}`, 'content-type': 'application/json' }
  const answer = await fetch(`${moved.server.url}/api/tasks${path}`, { method, headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
}

const make = (task_id: string, as?: string) => ask('POST', '', { skill_name: 'index', task_id }, as)
const put = (id: string, body: object) => ask('PUT', `/${id}`, body)

for (const [name, query] of [
  ['hook and store of its own', ''],
  ['@tidings/task-status', '&with=package'],
] as const) {
  test(`with ${name} each status that is put is shown, in every tab of its user and in no other`, async ({
    context,
    browser,
  }) => {
    const [id, other] = [`${tests}-first`, `${tests}-second`]
    await make(id)
    await make(other)
    await make(`${tests}-his`, `bob${tests}`)
    const [page, second] = [await open(context, query), await open(context, query)]
    const bobs = await open(await browser.newContext(), query, `bob${tests}`)
    for (const tab of [page, second])
      await expect(counts(tab)).toHaveText('2 pending, 0 running, 0 completed, 0 failed')

    await put(id, { status: 'running', assignee: 'agent-7' })
    for (const tab of [page, second]) {
      await expect(task(tab, id)).toContainText('Running agent-7')
      await expect(task(tab, id)).toHaveCSS('border-left-color', COLORS.running)
      await expect(agents(tab)).toHaveText([`agent-7 busy ${id}`])
    }
    await put(id, { output: 'listing files' })
    for (const tab of [page, second]) await expect(task(tab, id)).toContainText('Running agent-7 listing files')
    await second.close()
    await page.reload()
    await connected(page)
    await expect(task(page, id)).toContainText('Running')

    await put(id, { status: 'completed', output: 'indexed 12 files' })
    await put(other, { status: 'failed', error: 'the disk is full' })
    await expect(task(page, id)).toContainText('Completed agent-7 indexed 12 files')
    await expect(task(page, id)).toHaveCSS('border-left-color', COLORS.completed)
    await expect(task(page, other)).toContainText('Failed the disk is full')
    await expect(agents(page)).toHaveText([/^agent-7 idle/])
    await expect(counts(page)).toHaveText('0 pending, 0 running, 1 completed, 1 failed')

    await ask('PUT', `/${tests}-his`, { status: 'running' }, `bob${tests}`)
    await expect(task(bobs, `${tests}-his`)).toContainText('Running')
    await expect(bobs.getByRole('list', { name: 'Calendar' }).getByRole('listitem')).toHaveCount(1)
    await expect(agents(bobs)).toHaveCount(0)
    await bobs.context().close()
  })

  test(`with ${name} what was put while the connection was away is shown when it is back`, async ({ context }) => {
    const id = `${tests}-away`
    await make(id)
    const page = await open(context, query)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await expect(page.getByRole('status')).toHaveText('disconnected')
    await put(id, { status: 'running' })
    await page.getByRole('button', { name: 'Reconnect' }).click()
    await expect(task(page, id)).toContainText('Running')

    moved.app.cut()
    await expect(page.getByRole('status')).toHaveText(/reconnecting|connecting/)
    await put(id, { status: 'completed' })
    moved.app.mend()
    await expect(task(page, id)).toContainText('Completed')
    await connected(page)
  })
}

test('signs of life go both ways', async ({ context }) => {
  const page = await context.newPage()
  const sent: string[] = []
  const heard: string[] = []
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload)).type))
    socket.on('framereceived', ({ payload }) => heard.push(JSON.parse(String(payload)).type))
  })
  await page.clock.install()
  await page.goto(`${moved.app.url}/moving/task-status.html?user=${user}`)
  await connected(page)
  await expect.poll(() => heard[0]).toBe('ack')
  await page.clock.runFor(30_000)
  expect(sent).toEqual(['ping'])
  await expect.poll(() => heard).toContain('pong')
})
