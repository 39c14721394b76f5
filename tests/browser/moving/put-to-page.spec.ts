/** From a `PUT` to the page that has changed, in one browser with one server. What it takes is printed, not asserted: machines differ. */
import { expect, type Page, test } from '@playwright/test'
import { MovedApp } from './moved-app.js'

const CHANGES = 50

// Recording the page costs more than the page.
test.use({ trace: 'off' })

let moved: MovedApp

test.beforeAll(async () => {
  moved = await MovedApp.start()
  const answer = await fetch(`${moved.server.url}/api/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${moved.app.token('ann')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ skill_name: 'index', task_id: '123' }),
  })
  expect(answer.status).toBe(201)
})

test.afterAll(async () => {
  await moved.end()
})

interface Took {
  /** Milliseconds from the call of `fetch` to the changed text of the document, for each change. */
  document: number[]
  /** To the picture that shows it. */
  picture: number[]
}

for (const [name, query] of [
  ['the page of the document, over /ws', ''],
  ['@tidings/task-status', '&with=package'],
] as const) {
  test(`${name} shows each status that is put`, async ({ page }) => {
    await page.goto(`${moved.app.url}/moving/task-status.html?user=ann${query}`)
    await expect(page.getByRole('status')).toHaveText('connected')
    await expect(page.locator('#task-123')).toHaveAttribute('data-status', 'pending')

    const { document, picture } = await putAndLook(page, moved.app.token('ann'))
    expect(document).toHaveLength(CHANGES)
    console.log(`${name}: ${CHANGES} changes; in the document ${told(document)}, in the picture ${told(picture)}`)
  })
}

/** Puts one status after another, each when the page shows the former. */
function putAndLook(page: Page, token: string): Promise<Took> {
  return page.evaluate(
    async ([token, changes]) => {
      const took: Took = { document: [], picture: [] }
      const row = document.querySelector('#task-123') as HTMLElement
      const shown = (status: string) =>
        new Promise<void>((resolve) => {
          const seen = new MutationObserver(() => {
            if (row.dataset.status !== status) return
            seen.disconnect()
            resolve()
          })
          seen.observe(row, { attributes: true })
        })
      for (let change = 0; change < changes; change++) {
        const status = change % 2 ? 'pending' : 'running'
        const changed = shown(status)
        const began = performance.now()
        const answered = fetch('/api/tasks/123', {
          method: 'PUT',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: JSON.stringify({ status }),
        })
        await changed
        took.document.push(performance.now() - began)
        await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))
        took.picture.push(performance.now() - began)
        await answered
      }
      return took
    },
    [token, CHANGES] as const,
  )
}

function told(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]?.toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}
