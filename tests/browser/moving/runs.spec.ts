/** System 0: a page of the document, with a client of its own on the older socket and list, and with the package in its place. */
import { AxeBuilder } from '@axe-core/playwright'
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import type { Tracked } from '../server.js'
import { MovedApp } from './moved-app.js'

/** What the page's own client waits before it connects again. */
const RECONNECT_MS = 3_000
const TASK = 'generate-recommendations'

let moved: MovedApp
let ann: BrowserContext
/** Each test has somebody of its own, so that nobody is told of what another test did. */
let user: string
let users = 0
/** The run that the app's route made last. */
let started: Tracked

test.beforeAll(async () => {
  moved = await MovedApp.start(`[tasks.${TASK}]
mode = "tracked"

[tasks.endless]
command = ["sleep", "600"]
channel = "plain"
abort_grace = "100ms"
`)
  moved.app.own.set('/api/my-task/trigger', async (owner) => {
    started = await moved.track({ owner, task: TASK, tags: ['planned-workout:7'] })
    return { success: true, message: 'started', jobId: started.id }
  })
})

test.afterAll(async () => {
  await moved.end()
})

test.beforeEach(async ({ browser }) => {
  user = `ann${++users}`
  ann = await moved.browserOf(user, browser)
})

test.afterEach(async () => {
  await ann.close()
})

async function open(context: BrowserContext, query: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${moved.app.url}/moving/runs.html${query}`)
  await expect(page.getByRole('status').first()).toContainText(/^Connected/)
  return page
}

const runs = (page: Page) => page.getByRole('list', { name: 'Runs' }).getByRole('listitem')
const toasts = (page: Page) => page.getByRole('list', { name: 'Toasts' }).getByRole('listitem')
const success = (page: Page) => toasts(page).filter({ hasText: 'Success New data is ready!' })
const running = (page: Page, count: number) =>
  expect(page.getByRole('status').first()).toContainText(`${count} running`)

for (const [name, query] of [
  ['its own client', ''],
  ['@tidings/runs', '?with=package'],
] as const) {
  test.describe(`with ${name}`, () => {
    test('a run is started, found again after a reload, and its end is told once to each tab', async ({ browser }) => {
      const bob = await moved.browserOf(`bob${users}`, browser)
      const [page, other, bobs] = [await open(ann, query), await open(ann, query), await open(bob, query)]
      await page.getByRole('button', { name: 'Generate' }).click()
      for (const tab of [page, other]) await expect(runs(tab).first()).toContainText(`${TASK} EXECUTING`)
      await expect(toasts(page)).toContainText(['Task Started'])

      await page.reload()
      await expect(runs(page).first()).toContainText(`${TASK} EXECUTING`)
      await running(page, 1)
      await expect(page.getByRole('status').first()).toContainText(/^Connected/)

      await started.complete({ recommendations: 3 })
      for (const tab of [page, other]) {
        await expect(runs(tab).first()).toContainText(`${TASK} COMPLETED`)
        await expect(success(tab)).toHaveCount(1)
        await running(tab, 0)
      }

      // Another end, with one tab less, and somebody else's: what is told once is told once.
      await other.close()
      const [anns, his] = [
        await moved.track({ owner: user, task: TASK }),
        await moved.track({ owner: `bob${users}`, task: TASK }),
      ]
      await anns.complete()
      await expect(success(page)).toHaveCount(2)
      await his.fail('no data')
      await expect(runs(bobs)).toHaveCount(1)
      await expect(runs(bobs)).toContainText(`${TASK} FAILED no data`)
      await expect(success(bobs)).toHaveCount(0)
      await bob.close()
    })
  })
}

test('with its own client a run that works is stopped from the page', async () => {
  const page = await open(ann, '')
  await moved.submit({ owner: user, task: 'endless' })
  const run = runs(page).filter({ hasText: 'endless' }).first()
  await expect(run).toContainText('EXECUTING')
  await run.getByRole('button', { name: 'Stop' }).click()
  await expect(run).toContainText('CANCELED')
})

test('with its own client what ended while the connection was away is told when it is back', async () => {
  const page = await open(ann, '')
  // From here on the test moves its clock.
  await page.clock.install()
  const run = await moved.track({ owner: user, task: TASK })
  await running(page, 1)
  moved.app.cut()
  await expect(page.getByRole('status').first()).toContainText(/^Disconnected/)
  await run.complete()
  moved.app.mend()
  await page.clock.runFor(RECONNECT_MS)
  await expect(success(page)).toHaveCount(1)
  await running(page, 0)
})

test('the monitor of @tidings/runs opens from its button, follows the run, and stops it', async () => {
  const page = await open(ann, '?with=package')
  await moved.submit({ owner: user, task: 'endless' })
  await page
    .getByRole('navigation')
    .getByRole('button', { name: /1 running/ })
    .click()
  const monitor = page.getByRole('region', { name: 'Background tasks' })
  const row = monitor.getByRole('listitem').filter({ hasText: 'Endless' }).first()
  await expect(row).toContainText(/Executing/i)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).include('.tr-monitor').include('.tr-button').analyze()
    expect(violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.map(({ html }) => html)}`)).toEqual([])
  }
  await row.hover()
  await row.getByRole('button').click()
  await expect(row).toContainText(/Canceled/i)
  await expect(page.getByRole('navigation').getByRole('button')).not.toContainText('1')
})
