/** The windows of the page at `/` that change many jobs at once, or start one later: clear ended jobs, priority, a start at a time. */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'
import { Server } from './server.js'

let server: Server

// Recording the page costs more than the page.
test.use({ trace: 'off' })

test.beforeAll(async () => {
  server = await Server.start()
})

test.afterAll(async () => {
  await server.remove()
})

const LOOKS = {
  light: { colorScheme: 'light', width: 1280 },
  dark: { colorScheme: 'dark', width: 1280 },
  phone: { colorScheme: 'light', width: 390 },
} as const

/** The window that is open, in every look. */
async function look(page: Page, name: string): Promise<void> {
  for (const [look, { colorScheme, width }] of Object.entries(LOOKS)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 844 })
    const axe = new AxeBuilder({ page }).include('dialog')
    // Dark differs from light in its colours alone, the phone in its places alone.
    if (look === 'dark') axe.withRules(['color-contrast'])
    const violations = look === 'phone' ? [] : (await axe.analyze()).violations
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
    expect(told, `${name}, ${look}`).toEqual([])
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(beyond, `${name}, ${look}: pixels beyond the window`).toBeLessThanOrEqual(0)
    await page.screenshot({ path: `../../target/screenshots/${name}-${look}.png` })
  }
  await page.setViewportSize({ width: 1280, height: 844 })
}

const rows = (page: Page) => page.locator('.row-link')

test('ended jobs are counted, then deleted, as far as the filter goes', async ({ page }) => {
  for (const number of [1, 2, 3]) await (await server.track(`Nightly ${number}`)).fail('No answer.')
  for (const number of [1, 2, 3, 4]) await (await server.track(`Import ${number}`)).complete()
  await server.track('Still at work')
  await page.goto(server.url)
  await expect(rows(page)).toHaveCount(8)
  const dialog = page.getByRole('dialog', { name: 'Clear ended jobs' })
  await page.keyboard.press('c')
  await expect(dialog).toContainText('7 jobs will be deleted')
  await look(page, 'clearing')
  await dialog.getByRole('button', { name: 'Keep them' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(rows(page)).toHaveCount(8)

  await page.goto(`${server.url}/?status=failed&q=nightly+2`)
  await page.getByRole('button', { name: 'Clear ended…' }).click()
  await expect(dialog).toContainText('Jobs that are failed that match “nightly 2”')
  await dialog.getByRole('button', { name: 'Delete 1 job' }).click()
  await expect(dialog).toContainText('1 job was deleted.')
  await expect(dialog.getByRole('button', { name: 'Close', exact: true }).last()).toBeFocused()
  await page.keyboard.press('Escape')

  await page.goto(server.url)
  await expect(rows(page)).toHaveCount(7)
  await page.getByRole('button', { name: 'Clear ended…' }).click()
  await dialog.getByRole('button', { name: 'Delete 6 jobs' }).click()
  await expect(dialog).toContainText('6 jobs were deleted.')
  await page.keyboard.press('Escape')
  await expect(rows(page)).toHaveText(['Still at work'])
  await page.goto(`${server.url}/?status=running`)
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByRole('button', { name: 'Clear ended…' })).toHaveCount(0)
})

test('who may not control jobs is not offered to clear them', async ({ page }) => {
  await page.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), scopes: ['jobs:read'] } })
  })
  await server.track('Of somebody')
  await page.goto(server.url)
  await expect(rows(page).filter({ hasText: 'Of somebody' })).toBeVisible()
  await expect(page.locator('.who')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Clear ended…' })).toHaveCount(0)
  await page.keyboard.press('c')
  await expect(page.getByText('You may not delete jobs.')).toBeVisible()
})

test('a job is started with a priority, after a delay or at a time', async ({ page }) => {
  await page.goto(server.url)
  const dialog = page.getByRole('dialog', { name: 'Start a job' })
  const start = async (title: string, fill: () => Promise<unknown>) => {
    await page.getByRole('button', { name: 'Start a job' }).first().click()
    await dialog.getByLabel('Title').fill(title)
    await fill()
    const answered = page.waitForResponse((response) => response.request().method() === 'POST')
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(dialog).toHaveCount(0)
    return (await answered).json()
  }
  const began = Date.now()
  const delayed = await start('Later', async () => {
    await dialog.getByLabel('Priority').fill('40')
    await dialog.getByLabel('Start', { exact: true }).selectOption('After a delay')
    await look(page, 'starter')
    // Nothing is sent without a delay.
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(dialog.getByLabel('Delay', { exact: true })).toBeFocused()
    await dialog.getByLabel('Delay', { exact: true }).fill('2')
    await dialog.getByLabel('Unit').selectOption('hours')
  })
  expect(delayed).toMatchObject({ title: 'Later', status: 'scheduled', priority: 40 })
  const waits = Date.parse(delayed.dueAt) - began
  expect(waits).toBeGreaterThanOrEqual(7_200_000)
  expect(waits).toBeLessThan(7_260_000)

  const timed = await start('At a time', async () => {
    await dialog.getByLabel('Start', { exact: true }).selectOption('At a time')
    await dialog.getByLabel('Time of the start').fill('2099-01-02T03:04')
  })
  expect(timed).toMatchObject({
    status: 'scheduled',
    dueAt: new Date('2099-01-02T03:04').toISOString(),
  })
})
