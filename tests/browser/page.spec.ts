/** The page at `/`, as a person meets it. */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'
import { Server } from './server.js'

let server: Server

test.beforeEach(async () => {
  server = await Server.start()
})

test.afterEach(async () => {
  await server.remove()
})

const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })

test('a job is started, watched, paused, resumed, and outlives its server without a reload', async ({ page }) => {
  await page.goto(server.url)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }))
  await server.submit({ task: 'check-links', input: { folder: 'site', delayMs: 150 }, title: 'Links of the docs' })
  const job = row(page, 'Links of the docs')
  await expect(job).toContainText(/running/i)
  await expect(job.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^[1-9]/)

  await job.getByRole('button', { name: /^Pause/ }).click()
  await expect(job).toContainText(/paused/i)
  await job.getByRole('button', { name: /^Resume/ }).click()
  await expect(job).toContainText(/running/i)

  await server.kill()
  await expect(page.getByText(/Offline since|Connecting/)).toBeVisible()
  await server.startAgain()
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 40_000 })
  await expect(job).toContainText(/lost|completed/i, { timeout: 40_000 })
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true)
})

test('the output of a job is followed in its details', async ({ page }) => {
  await page.goto(server.url)
  await server.submit({ task: 'compress', input: { folder: 'check-links/site', delayMs: 50 }, title: 'An archive' })
  await page.getByRole('link', { name: 'An archive' }).click()
  const details = page.getByRole('article', { name: 'An archive' })
  await details.getByRole('tab', { name: 'Output' }).click()
  await expect(details).toContainText(/changelog\.md/)
  await expect(details).toContainText(/completed/i)
})

test('beside open details the numbers of a row stay whole and within its bar', async ({ page }) => {
  const { id } = await server.submit({
    task: 'word-count',
    input: { folder: 'texts', delayMs: 2000 },
    tags: ['nightly'],
  })
  await page.goto(`${server.url}/?job=${id}`)
  const job = row(page, 'word-count')
  const bar = job.getByRole('progressbar')
  await expect(job).toContainText(/1 failed/)
  await expect(bar).toHaveAttribute('aria-valuenow', /^[1-9]/)
  const [whole, numbers] = [await bar.boundingBox(), await job.locator('.progress-numbers b').boundingBox()]
  if (!whole || !numbers) throw new Error('bar and percentage are not in sight')
  expect(numbers.x + numbers.width).toBeLessThanOrEqual(whole.x + whole.width + 1)
  await expect(job.getByRole('button', { name: /^Kill|^Run again/ })).toHaveCount(0)
  await expect(page.getByRole('article').getByRole('button', { name: 'Run again' })).toHaveCount(0)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })
  test('a job that ended shows its last words', async ({ page }) => {
    await server.submit({ task: 'check-links', input: { folder: 'site', delayMs: 1 }, title: 'Links of the docs' })
    await page.goto(server.url)
    await expect(row(page, 'Links of the docs').getByText(/\d+ checked, \d+ broken/)).toBeVisible()
  })
})

for (const [name, options] of Object.entries({
  light: { colorScheme: 'light' as const },
  dark: { colorScheme: 'dark' as const },
  phone: { viewport: { width: 390, height: 844 } },
})) {
  test.describe(name, () => {
    test.use(options)
    test('has no serious fault of accessibility, and shows every status in words', async ({ page }) => {
      await server.submit({ task: 'word-count', input: { folder: 'texts' }, title: 'Words' })
      await server.submit({ task: 'check-links', input: { folder: 'nowhere' }, title: 'A failure' })
      await page.goto(server.url)
      await expect(row(page, 'Words')).toContainText(/completed/i)
      await expect(row(page, 'A failure')).toContainText(/failed/i)
      const found = await new AxeBuilder({ page }).analyze()
      const serious = found.violations.filter((each) => each.impact === 'serious' || each.impact === 'critical')
      expect(serious.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
      await page.screenshot({ path: `../../target/screenshots/page-${name}.png`, fullPage: true })
    })
  })
}
