/** A thousand jobs that change as often as the screen is drawn, in the real list. What it costs is printed, not asserted: machines differ. */
import { expect, test } from '@playwright/test'
import { App } from './app.js'

// Recording the page costs more than the page.
test.use({ trace: 'off' })

test('a thousand jobs change with every picture, and the page keeps up', async ({ page }) => {
  const app = await App.before('http://127.0.0.1:9')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  await page.goto(`${app.url}/crowd.html`)
  await expect.poll(() => page.evaluate(() => window.crowd.done)).toBe(true)
  const { pictures, frames, seconds, longTasks } = await page.evaluate(() => window.crowd)
  const { metrics } = await devtools.send('Performance.getMetrics')
  const script = metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0
  const tasks = longTasks.map((milliseconds) => `${Math.round(milliseconds)} ms`).join(', ') || 'none'
  const each = ((script * 1000) / pictures).toFixed(1)
  console.log(
    `${frames} changes: ${(pictures / seconds).toFixed(0)} pictures a second, ${each} ms of script a picture; long tasks: ${tasks}`,
  )
  const list = page.locator('tidings-jobs')
  await expect(list).toContainText('Job 999')
  await expect(list).toContainText(`step ${pictures}`)
  expect(await list.getByRole('listitem').count()).toBeLessThan(100)
  app.close()
})
