/** System 1: a page of the document asks for the job of its session, for what runs and for what has just ended, and finds again what was left. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import type { Tracked } from '../server.js'
import { MovedApp } from './moved-app.js'

let moved: MovedApp
/** Each test has people and a session of its own. */
let tests = 0
let anns: BrowserContext

test.beforeAll(async () => {
  moved = await MovedApp.start('[tasks.epm_generation]\nmode = "tracked"\n')
})

test.afterAll(async () => {
  await moved.end()
})

test.beforeEach(async ({ browser }) => {
  tests++
  anns = await moved.browserOf(`ann${tests}`, browser)
})

test.afterEach(async () => {
  await anns.close()
})

const session = () => `wizard-${tests}`
const generate = (name = 'ann'): Promise<Tracked> =>
  moved.track({ owner: `${name}${tests}`, task: 'epm_generation', session: session() })

/** A page whose clock the test moves on. */
async function open(context: BrowserContext, query = ''): Promise<Page> {
  const page = await context.newPage()
  await page.clock.install()
  await page.goto(`${moved.app.url}/moving/background-jobs.html?session=${session()}${query}`)
  return page
}

const recovery = (page: Page) => page.getByRole('region', { name: 'Recovery' })
const toasts = (page: Page) => page.getByRole('list', { name: 'Toasts' }).getByRole('listitem')
const button = (page: Page) => page.getByRole('button', { name: 'Generate EPM Program' })

/** What is asked for every ten seconds is asked for, and answered. */
async function poll(page: Page): Promise<void> {
  const answered = page.waitForResponse(/recent-completions/)
  await page.clock.runFor(10_000)
  await (await answered).finished()
}

test('a page that is loaded again finds its job, and tells its end once', async ({ browser }) => {
  let job: Tracked | undefined
  moved.app.own.set('/generate-epm', async () => {
    job = await generate()
    return { success: true, jobId: job.id }
  })
  const page = await open(anns)
  await expect(button(page)).toBeEnabled()
  await expect(recovery(page)).toHaveText('')
  await button(page).click()
  await page.clock.runFor(3_000)
  await expect(button(page)).toBeDisabled()
  await expect(page.getByRole('link', { name: 'Background Jobs (1)' })).toBeVisible()

  await job?.progress(75, 'Generating resources...')
  await page.reload()
  await expect(recovery(page)).toHaveText(
    'Your EPM generation is still running (75% complete): Generating resources...',
  )
  await expect(button(page)).toBeDisabled()
  const other = await open(anns)
  await expect(recovery(other)).toContainText('75% complete')

  await job?.complete({ programId: 'p-1' })
  await poll(page)
  await poll(page)
  await expect(toasts(page)).toHaveText(['epm_generation completed! Click to view results'])
  await expect(button(page)).toBeEnabled()
  await page.close()
  await poll(other)
  await expect(toasts(other)).toHaveText(['epm_generation completed! Click to view results'])
  const later = await open(anns)
  await expect(recovery(later)).toHaveText('EPM Program generation completed!')

  // Somebody else has a job in a session of the same name.
  const his = await generate('bob')
  await his.progress(5, 'his own')
  const bobs = await open(await moved.browserOf(`bob${tests}`, browser))
  await expect(recovery(bobs)).toContainText('5% complete): his own')
  await his.fail('and nobody else’s')
  await poll(bobs)
  await expect(toasts(bobs)).toHaveText(['epm_generation failed and nobody else’s'])
  await bobs.context().close()
})

test('a failure is told with its reason, and a cancel from the page is one', async () => {
  const page = await open(anns)
  const [broken, unwanted] = [await generate(), await generate()]
  await broken.fail('the model gave up')
  await page.clock.runFor(3_000)
  await page.getByRole('listitem').filter({ hasText: session() }).getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(async () => (await unwanted.progress(1)).wish.kind).toBe('abort')
  await unwanted.acknowledge()
  await poll(page)
  await expect(toasts(page)).toHaveText([/Job cancelled by user/, 'epm_generation failed the model gave up'])
})

test('the hook of @tidings/recovery tells the same, live, and each end once in a browser', async () => {
  const job = await generate()
  await job.progress(40, 'Extracting tasks...')
  const [page, other] = [await open(anns, '&with=package'), await open(anns, '&with=package')]
  for (const tab of [page, other]) await expect(recovery(tab)).toContainText('40% complete): Extracting tasks...')
  await job.progress(60, 'Planning...')
  await expect(recovery(page)).toContainText('40% complete): Planning...')
  await page.reload()
  await expect(recovery(page)).toContainText('60% complete): Planning...')

  for (const tab of [page, other]) await tab.close()
  await job.complete()
  const back = await open(anns, '&with=package')
  await expect(recovery(back)).toContainText('EPM Program generation completed!')
  await back.reload()
  await expect(recovery(back).getByRole('button', { name: 'Dismiss' })).toBeVisible()
  await expect(recovery(back)).not.toContainText('completed!')
})
