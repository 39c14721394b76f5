/** The example apps as a person meets them, each built by Vite with its own configuration, all against one server. */
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { build, type PreviewServer, preview } from 'vite'
import { Server } from './server.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const NAMES = ['react', 'vue', 'plain'] as const
type Name = (typeof NAMES)[number]

let server: Server
const apps = {} as Record<Name, PreviewServer>

test.beforeAll(async () => {
  server = await Server.start()
  process.env.TIDINGS_URL = server.url
  for (const name of NAMES) {
    const app = {
      root: here(`../../examples/apps/${name}`),
      logLevel: 'warn' as const,
      resolve: {
        alias: [
          { find: /^@tidings\/([a-z]+)$/, replacement: here('../../packages/$1/src/index.ts') },
          { find: /^@tidings\/([a-z]+)\/(.+)$/, replacement: here('../../packages/$1/src/$2.ts') },
        ],
      },
      build: { outDir: here(`../../target/example-apps/${name}`), emptyOutDir: true },
      preview: { port: 0 },
    }
    await build(app)
    apps[name] = await preview(app)
  }
})

test.afterEach(async () => {
  await server.abortAll()
})

test.afterAll(async () => {
  for (const name of NAMES) await apps[name]?.close()
  await server.remove()
})

async function open(page: Page, name: Name, path = ''): Promise<void> {
  await page.goto(`${apps[name].resolvedUrls?.local[0]}${path}`)
}

/** Where a task is shown that runs, and what starts it. */
interface Shown {
  start(): Promise<void>
  /** After a reload nothing but this is done to see it again. */
  again(): Promise<void>
  panel: Locator
}

/** Pauses, resumes, and is found again after a reload in the middle. */
async function steer(page: Page, { start, again, panel }: Shown): Promise<void> {
  await start()
  const bar = panel.getByRole('progressbar')
  await expect.poll(() => percentageOf(bar)).toBeGreaterThan(0)
  await panel.getByRole('button', { name: 'Pause' }).click()
  await expect(panel.getByRole('button', { name: 'Resume' })).toBeVisible()
  const held = await percentageOf(bar)

  await page.reload()
  await again()
  await expect(panel.getByRole('button', { name: 'Resume' })).toBeVisible()
  expect(await percentageOf(bar)).toBe(held)
  await panel.getByRole('button', { name: 'Resume' }).click()
  await expect(panel.getByRole('button', { name: 'Pause' })).toBeVisible()
  await expect.poll(() => percentageOf(bar)).toBeGreaterThan(held)
}

function percentageOf(bar: Locator): Promise<number> {
  return bar.evaluate((element) => Number(element.getAttribute('value') ?? element.getAttribute('aria-valuenow') ?? 0))
}

/** One of the tabs that are open shows it: each of them counts as seen here. */
async function toastOf(pages: Page[], name: string, status: RegExp): Promise<void> {
  const toasts = (page: Page) => page.getByRole('region', { name: 'Notifications' }).getByRole('listitem')
  const shown = (page: Page) => toasts(page).filter({ hasText: name }).filter({ hasText: status }).count()
  const count = async () => (await Promise.all(pages.map(shown))).reduce((sum, each) => sum + each, 0)
  await expect.poll(count, { timeout: 20_000 }).toBe(1)
}

test('React: a task runs in a dialog, is left alone and found again, and the page reacts to its end', async ({
  page,
}) => {
  await open(page, 'react')
  await expect(page.getByText('They were never checked.')).toBeVisible()
  const dialog = page.getByRole('dialog', { name: 'Check links' })
  const look = () => page.getByRole('button', { name: 'Check links…' }).click()
  await steer(page, {
    start: async () => {
      await look()
      await dialog.getByRole('button', { name: 'Start' }).click()
    },
    again: look,
    panel: dialog.getByRole('region', { name: 'Check of the links' }),
  })
  await dialog.getByRole('button', { name: 'Leave it running' }).click()
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Jobs 1' })).toBeVisible()
  await toastOf([page], 'Links of Kettle Docs', /completed/)
  await expect(page.getByRole('region', { name: 'Links', exact: true })).toContainText('broken8')
  await look()
  await expect(dialog).toContainText('Done: 8 are broken.')
})

test('React: a page finds its job by the session, and the jobs page and the tray have it too', async ({ page }) => {
  await open(page, 'react', '#/release')
  const panel = page.getByRole('region', { name: 'Release' })
  await steer(page, {
    start: () => page.getByRole('button', { name: 'Pack the site' }).click(),
    again: async () => {},
    panel,
  })
  await page.getByRole('button', { name: /^Jobs/ }).click()
  const tray = page.locator('tidings-tray')
  await expect(tray.getByRole('listitem').filter({ hasText: 'Release of Kettle Docs' })).toBeVisible()
  await panel.getByRole('button', { name: 'Abort' }).click()
  await expect(panel).toContainText('It was aborted')
  await toastOf([page], 'Release of Kettle Docs', /aborted/)
  await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click()
  await expect(page.locator('tidings-jobs').getByRole('listitem').first()).toContainText('Release of Kettle Docs')
})

test('Vue: a page shows what a count found as soon as it is done, also for a count of another tab', async ({
  page,
  context,
}) => {
  await open(page, 'vue')
  const other = await context.newPage()
  await open(other, 'vue')
  await expect(other.getByText('Nothing was counted yet.')).toBeVisible()
  await page.bringToFront()
  await steer(page, {
    start: () => page.getByRole('button', { name: 'Count the words' }).click(),
    again: async () => {},
    panel: page.getByRole('region', { name: 'Count of the words' }),
  })
  await expect(other.getByRole('region', { name: 'Count of the words' })).toBeVisible()
  await toastOf([page, other], 'Words of the library', /completed/)
  for (const each of [page, other]) await expect(each.getByRole('region', { name: 'Frequent words' })).toBeVisible()
  await expect(page.getByText('One job has ended since you last looked.')).toBeVisible()
  await page.getByRole('button', { name: 'Seen' }).click()
  await expect(page.getByText('ended since you last looked')).toHaveCount(0)
})

test('Vue: a card takes up its task by the session after a reload', async ({ page }) => {
  await open(page, 'vue', '#/upkeep')
  const card = page.getByRole('region', { name: 'Check the catalogue' }).first()
  await steer(page, {
    start: () => card.getByRole('button', { name: 'Start' }).click(),
    again: async () => {},
    panel: card,
  })
  await card.getByRole('button', { name: 'Abort' }).click()
  await toastOf([page], 'Check the catalogue', /aborted/)
  await expect(card.getByRole('button', { name: 'Once more' })).toBeVisible()
})

test('plain: an element becomes its progress, survives a reload, and tells its end', async ({ page }) => {
  await open(page, 'plain')
  const button = page.locator('tidings-button[task="check-links"]')
  await steer(page, {
    start: () => button.getByRole('button', { name: 'Check links' }).click(),
    again: async () => {},
    panel: button,
  })
  await expect(page.locator('tidings-tray-button')).toContainText('1')
  await toastOf([page], 'Links of the site', /completed/)
  await expect(button.getByRole('button', { name: 'Start again' })).toBeVisible()
  await page.getByRole('link', { name: 'Jobs', exact: true }).click()
  await expect(page.locator('tidings-jobs').getByRole('listitem').first()).toContainText('Links of the site')
})

const LIGHT = { scheme: 'light', width: 1280 } as const
const LOOKS = { light: LIGHT, dark: { scheme: 'dark', width: 1280 }, phone: { scheme: 'light', width: 390 } } as const

/** Every look of the page as it is now. */
async function look(page: Page, name: string): Promise<void> {
  for (const [look, { scheme, width }] of Object.entries(LOOKS)) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 844 })
    const axe = new AxeBuilder({ page })
    // Dark differs from light in its colours alone, the phone in everything else.
    if (look === 'dark') axe.withRules(['color-contrast'])
    if (look === 'phone') axe.disableRules(['color-contrast'])
    const { violations } = await axe.analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
    expect(told, `${name}, ${look}`).toEqual([])
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(beyond, `${name}, ${look}: pixels beyond the window`).toBeLessThanOrEqual(0)
    await page.screenshot({ path: here(`../../target/screenshots/app-${name}-${look}.png`), fullPage: true })
  }
  await page.setViewportSize({ width: LIGHT.width, height: 844 })
}

async function openTray(page: Page): Promise<void> {
  await page.locator('tidings-tray-button').getByRole('button').click()
  await expect(page.locator('tidings-tray').getByRole('region', { name: 'Jobs' })).toBeVisible()
}

test.describe('in light, in dark and on a phone', () => {
  test.beforeAll(async () => {
    await server.submit({ task: 'check-links', input: { folder: 'nowhere' }, title: 'Links of a site that is gone' })
    await server.submit({ task: 'check-links', input: { folder: 'site', delayMs: 0 }, title: 'Links of Kettle Docs' })
    await server.submit({ task: 'word-count', input: { folder: 'texts', delayMs: 0 }, title: 'Words of the library' })
  })

  test('React has no serious fault of accessibility', async ({ page }) => {
    await open(page, 'react')
    await expect(page.getByRole('region', { name: 'Links', exact: true })).toContainText('broken8')
    await look(page, 'react-site')
    await page.getByRole('button', { name: 'Check links…' }).click()
    await page.getByLabel('Pace').selectOption('1000')
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Abort' })).toBeVisible()
    await look(page, 'react-dialog')
    await open(page, 'react', '#/release')
    await page.getByRole('button', { name: 'Pack the site' }).click()
    await expect(page.getByRole('region', { name: 'Release' }).getByRole('button', { name: 'Abort' })).toBeVisible()
    await look(page, 'react-release')
    await open(page, 'react', '#/jobs')
    await openTray(page)
    await look(page, 'react-jobs')
  })

  test('Vue has no serious fault of accessibility', async ({ page }) => {
    await open(page, 'vue')
    await expect(page.getByRole('region', { name: 'Frequent words' })).toBeVisible()
    await page.getByRole('button', { name: 'Count the words' }).click()
    const bar = page.getByRole('region', { name: 'Count of the words' }).getByRole('progressbar')
    await expect.poll(() => percentageOf(bar)).toBeGreaterThan(20)
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible()
    await look(page, 'vue-library')
    await open(page, 'vue', '#/upkeep')
    await page.getByRole('button', { name: 'Start' }).first().click()
    await expect(page.getByRole('button', { name: 'Abort' })).toBeVisible()
    await look(page, 'vue-upkeep')
    await open(page, 'vue', '#/jobs')
    await openTray(page)
    await look(page, 'vue-jobs')
  })

  test('plain has no serious fault of accessibility', async ({ page }) => {
    await open(page, 'plain')
    await page.locator('tidings-button[task="compress"]').getByRole('button').click()
    await expect(page.locator('tidings-button[task="compress"]').getByRole('button', { name: 'Abort' })).toBeVisible()
    await look(page, 'plain-bench')
    await open(page, 'plain', '#jobs')
    await openTray(page)
    await look(page, 'plain-jobs')
  })
})
