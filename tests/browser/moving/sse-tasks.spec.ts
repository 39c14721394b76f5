/** System 2: the component of the document in a modal dialog, with the hook of an app of that system and with ours in its place. */
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, expect, type Page, test } from '@playwright/test'
import { build } from 'vite'
import { PAGES } from '../build-pages.js'
import { MovedApp } from './moved-app.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What our hook says of a task that is somebody else's. */
const FOREIGN = 'failed: there is no such job'

let moved: MovedApp
let ann: BrowserContext

declare global {
  interface Window {
    /** All that the page opened. */
    sources: EventSource[]
  }
}

test.beforeAll(async () => {
  const outDir = `${PAGES}/task-modal`
  await build({
    configFile: here('../../../examples/task-modal/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  })
  moved = await MovedApp.start(`[tasks.check-links]
command = ["node", "worker.js"]
channel = "node-ipc"
cwd = "${here('../../../examples/check-links')}"
env = ["PATH", "HOME"]
pause = "cooperative"
abort_grace = "2s"
`)
})

test.afterAll(async () => {
  await moved.end()
})

test.beforeEach(async ({ browser }) => {
  ann = await moved.browserOf('ann', browser)
})

test.afterEach(async () => {
  await ann.close()
})

async function open(context: BrowserContext, name: string, taskId?: string): Promise<Page> {
  const page = await context.newPage()
  await page.addInitScript(() => {
    window.sources = []
    window.EventSource = class extends EventSource {
      constructor(address: string | URL) {
        super(address)
        window.sources.push(this)
      }
    }
  })
  await page.goto(`${moved.app.url}/task-modal/${name}.html`)
  if (taskId) await page.evaluate((id) => sessionStorage.setItem('task', id), taskId)
  return page
}

const modal = (page: Page) => page.getByRole('dialog', { name: 'Check links' })
const inModal = (page: Page, name: string) => modal(page).getByRole('button', { name, exact: true })
const look = (page: Page) => page.getByRole('button', { name: 'Check links…' }).click()
const percentage = (page: Page) =>
  modal(page)
    .getByRole('progressbar')
    .evaluate((bar) => Number(bar.getAttribute('aria-valuenow')))
const toasts = (page: Page) => page.getByRole('list', { name: 'Toasts' }).getByRole('listitem')
const keptId = (page: Page) => page.evaluate(() => sessionStorage.getItem('task') ?? '')

async function start(page: Page): Promise<void> {
  await look(page)
  await inModal(page, 'Start Task').click()
  await expect.poll(() => percentage(page)).toBeGreaterThan(0)
  await expect(modal(page)).toContainText('Connected')
}

for (const [name, file] of [
  ['the hook of its own', 'index'],
  ['our useTask', 'moved'],
] as const) {
  test.describe(`with ${name}`, () => {
    test('a task is paused, left and found again, in the modal and over a reload, and brings its result', async () => {
      const page = await open(ann, file)
      await start(page)
      await inModal(page, 'Pause').click()
      await expect(inModal(page, 'Resume')).toBeVisible()
      const held = await percentage(page)

      await inModal(page, 'Close').click()
      await expect(modal(page)).toHaveCount(0)
      await look(page)
      await expect(inModal(page, 'Resume')).toBeVisible()
      await page.reload()
      await look(page)
      await expect(inModal(page, 'Resume')).toBeVisible()
      expect(await percentage(page)).toBe(held)

      // Another tab that watches the same task, and leaves.
      const other = await open(ann, file, await keptId(page))
      await look(other)
      await inModal(other, 'Resume').click()
      await expect(inModal(page, 'Pause')).toBeVisible()
      await other.close()

      await expect(toasts(page)).toHaveText(['Task completed! Result: 8 of 48 links are broken'])
      await expect(modal(page).getByRole('status')).toContainText('completed')
      await expect(
        page
          .getByRole('list', { name: 'Broken links', includeHidden: true })
          .getByRole('listitem', { includeHidden: true }),
      ).toHaveCount(8)
    })
  })
}

/** A task that is paused, while somebody else tries to look at it, and then aborted from the modal. */
async function abort(page: Page, file: string, browser: Browser): Promise<void> {
  await start(page)
  await inModal(page, 'Pause').click()
  await expect(inModal(page, 'Resume')).toBeVisible()

  const bob = await moved.browserOf('bob', browser)
  const his = await open(bob, file, await keptId(page))
  const refused = file === 'index' ? his.waitForResponse((response) => response.status() === 404) : undefined
  await look(his)
  await refused
  if (!refused) await expect(modal(his)).toContainText(FOREIGN)
  await expect(modal(his).getByRole('progressbar')).toHaveCount(0)
  await expect(inModal(his, 'Start Task')).toBeEnabled()
  await bob.close()

  await inModal(page, 'Abort').click()
  await expect(modal(page).getByRole('status')).toContainText('aborted')
  await expect(inModal(page, 'Start Task')).toBeEnabled()
}

test('an abort from the modal stops the task, and its EventSource comes once more, is answered 204, and stays closed', async ({
  browser,
}) => {
  const page = await open(ann, 'index')
  const answers: number[] = []
  page.on('response', (response) => {
    if (response.url().includes('?taskId=')) answers.push(response.status())
  })
  await abort(page, 'index', browser)
  await expect.poll(() => answers.at(-1)).toBe(204)
  await expect.poll(() => page.evaluate(() => window.sources.map(({ readyState }) => readyState))).toEqual([2])
})

test('with our useTask an abort from the modal stops the task, and its end is told', async ({ browser }) => {
  const page = await open(ann, 'moved')
  await abort(page, 'moved', browser)
  await expect(toasts(page)).toHaveCount(1)
})
