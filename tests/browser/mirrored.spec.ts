/** The page at `/`, of jobs that another system runs. */
import { expect, type Page, test } from '@playwright/test'
import { Server } from './server.js'

let server: Server

test.beforeEach(async () => {
  server = await Server.start()
})

test.afterEach(async () => {
  await server.remove()
})

/** What the other system's backend says. */
async function say(method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${server.url}/api/tasks${path}`, { method, headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
}

const row = (page: Page, name: string) => page.getByRole('link', { name, exact: true })

test('jobs of one task are told apart, and a mirrored one says why nothing can be asked of it', async ({ page }) => {
  for (const task_id of [123, 124]) await say('POST', '', { skill_name: 'report', task_id })
  await say('PUT', '/123', { status: 'running', output: 'first line\nsecond line' })
  await page.goto(`${server.url}/?tab=output`)
  await expect(row(page, 'report 124')).toBeVisible()
  await row(page, 'report 123').click()

  const details = page.getByRole('article', { name: 'report 123' })
  await expect(details).toContainText('Another system runs this job and says how it goes.')
  await expect(details.getByRole('group', { name: /^Actions/ }).getByRole('button')).toHaveCount(0)
  await expect(details.getByRole('tab')).toHaveText(['Details', 'Timeline'])
  await expect(details.getByRole('tab', { name: 'Details' })).toHaveAttribute('aria-selected', 'true')
  await expect(details.getByText('first line\nsecond line')).toBeVisible()
  await expect(details.getByText('External id')).toBeVisible()
  await expect(details.getByText(/^(Pause|Limits)$/)).toHaveCount(0)

  await say('PUT', '/123', { status: 'completed' })
  await expect(details).toContainText('Another system ran this job and said how it went.')
  await expect(details.getByRole('button', { name: 'Delete' })).toBeVisible()
})
