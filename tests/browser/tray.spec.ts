/** The tray under a real pointer, a finger and a keyboard, over the page that shows every element in every state. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { build } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const DIST = here('../../target/element-dev')
const KINDS: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

let app: Server
let url = ''

// Recording the page costs more than the page.
test.use({ trace: 'off' })

test.beforeAll(async () => {
  await build({ configFile: here('../../packages/element/dev/vite.config.ts'), logLevel: 'warn' })
  app = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const file = pathname === '/' ? '/index.html' : pathname
    if (!KINDS[extname(file)]) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': KINDS[extname(file)] }).end(readFileSync(join(DIST, file)))
  }).listen(0, '127.0.0.1')
  await once(app, 'listening')
  const address = app.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `http://127.0.0.1:${address.port}/?tray=open`
})

test.afterAll(() => {
  app.closeAllConnections()
  app.close()
})

const tray = (page: Page) => page.locator('tidings-tray')
const rows = (page: Page) => tray(page).getByRole('listitem')
const hidden = (page: Page) => tray(page).getByRole('button', { name: 'Show hidden (1)' })

async function placeOf(element: Locator) {
  const box = await element.boundingBox()
  if (!box) throw new Error('not in sight')
  return { x: box.x, y: box.y }
}

test('nothing moves under the pointer when a job is hidden or the list is unfolded', async ({ page }) => {
  await page.goto(url)
  await expect(rows(page)).toHaveCount(2)
  await expect(tray(page).locator('.badge')).toHaveText('10 running')
  const second = rows(page).nth(1)
  const before = await placeOf(second)
  await rows(page).first().getByRole('button', { name: /^Hide/ }).click()
  await expect(rows(page).first()).toContainText('hidden')
  expect(await placeOf(second)).toEqual(before)
  await page.mouse.move(5, 5)
  await expect(hidden(page)).toBeVisible()
  await expect(rows(page).filter({ hasText: 'Links of docs' })).toHaveCount(0)
  await expect(tray(page).locator('.badge')).toHaveText('10 running')

  const more = tray(page).getByRole('button', { name: '7 more' })
  const place = await placeOf(more)
  await more.click()
  await expect(rows(page)).toHaveCount(9)
  expect(await placeOf(tray(page).getByRole('button', { name: 'Show less' }))).toEqual(place)
  await hidden(page).click()
  await expect(rows(page)).toHaveCount(10)
  await expect(hidden(page)).toHaveCount(0)
})

test('by the keyboard, the hidden row stays until the focus has left the list', async ({ page }) => {
  await page.goto(url)
  await rows(page).first().getByRole('button', { name: /^Hide/ }).focus()
  await page.keyboard.press('Enter')
  const back = rows(page)
    .first()
    .getByRole('button', { name: /^Show again/ })
  await expect(back).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(rows(page).first()).not.toContainText('hidden')
  await page.keyboard.press('Enter')
  await tray(page).getByRole('button', { name: '8 more' }).focus()
  await expect(tray(page).getByRole('button', { name: '7 more' })).toBeFocused()
  await page.keyboard.press('Space')
  await expect(rows(page)).toHaveCount(9)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  test('a finger lets go of the row that it has hidden', async ({ page }) => {
    await page.goto(url)
    await rows(page).first().getByRole('button', { name: /^Hide/ }).tap()
    await expect(hidden(page)).toBeVisible()
    await expect(rows(page).filter({ hasText: 'Links of docs' })).toHaveCount(0)
    await page.screenshot({ path: here('../../target/screenshots/tray-phone.png') })
  })
})

test('a row that was hidden has no serious fault of accessibility, in light and in dark', async ({ page }) => {
  await page.goto(url)
  await rows(page).first().getByRole('button', { name: /^Hide/ }).click()
  await expect(rows(page).first()).toContainText('hidden')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page }).include('tidings-tray')
    if (colorScheme === 'dark') axe.withRules(['color-contrast'])
    const { violations } = await axe.analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
    expect(told, colorScheme).toEqual([])
    await page.screenshot({ path: here(`../../target/screenshots/tray-${colorScheme}.png`) })
  }
})
