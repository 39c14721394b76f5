// The Playwright worker against a real Tidings, a real Chromium, and a site with a page that fails at first and one that never answers.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { randomUUID } = require('node:crypto')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const { createSite } = require('../scrape-reviews/site.js')
const { followSession } = require('./event-stream.js')
const { startTidings } = require('./processes.js')

const FOLDER = path.join(__dirname, '..', 'scrape-reviews')

const config = (origin) => `
[tasks.scrape-reviews]
command = ["node", "--import", "tsx", "worker.ts"]
cwd = ${JSON.stringify(FOLDER)}
channel = "node-ipc"
pause = "cooperative"
abort_grace = "5s"
env = ["PATH", "HOME", "CHROMIUM"]
set_env = { SCRAPE_ORIGINS = "${origin}" }
`

/** A site of its own for a test: its third page fails for the first who asks. */
async function openSite(atEnd) {
  const site = createSite()
  await once(site.listen(0, '127.0.0.1'), 'listening')
  atEnd(() => {
    site.closeAllConnections()
    return once(site.close(), 'close')
  })
  return { asked: site.asked, origin: `http://127.0.0.1:${site.address().port}` }
}

/** The browsers among the descendants of a process. */
function browsersBelow(pid) {
  const parents = new Map()
  for (const entry of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = fs.readFileSync(`/proc/${entry}/stat`, 'utf8')
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]))
    } catch {
      // It ended while we looked.
    }
  }
  const isBelow = (other) => {
    for (let above = parents.get(other); above > 1; above = parents.get(above)) if (above === pid) return true
    return false
  }
  return [...parents.keys()].filter((other) => isBelow(other) && isBrowser(other))
}

function isBrowser(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('chromium')
  } catch {
    return false
  }
}

describe('scrape-reviews', () => {
  let tidings
  let site
  const ends = []
  before(async () => {
    const atEnd = (end) => ends.unshift(end)
    site = await openSite(atEnd)
    tidings = await startTidings(atEnd, config(site.origin))
  })
  after(async () => {
    for (const end of ends) await end()
  })

  const post = async (address, body) => {
    const response = await fetch(`${tidings.url}/api/v1/jobs${address}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(response.ok, `${address}: ${response.status}`)
    return response.json()
  }
  const jobOf = async (id) => (await fetch(`${tidings.url}/api/v1/jobs/${id}`)).json()
  const outputOf = async (id) => {
    const { chunks } = await (await fetch(`${tidings.url}/api/v1/jobs/${id}/output`)).json()
    return chunks.map(({ text }) => text).join('')
  }
  async function begin(t, input) {
    const session = randomUUID()
    const { id } = await post('', { task: 'scrape-reviews', session, input: { url: `${site.origin}/kettle/1`, tries: 2, ...input } })
    const seen = await followSession(tidings.url, session)
    t.after(seen.leave)
    return { id, ...seen }
  }

  test('reads what can be read, tries again what failed, and names what never answered', async (t) => {
    site.asked.clear()
    const job = await begin(t, { pageTimeoutMs: 1_500 })
    const { reason } = await job.until('the end', ({ status }) => status === 'completed', 30_000)
    assert.equal(reason, 'partial')
    const { result, progress } = await jobOf(job.id)
    assert.deepEqual([result.product, result.pages, result.average], ['Kettle K2', 5, 3.9])
    assert.deepEqual(result.missing, [{ url: `${site.origin}/kettle/5`, why: 'page.goto: Timeout 1500ms exceeded.' }])
    assert.equal(result.reviews.length, 10)
    assert.deepEqual(result.reviews[3], {
      title: 'Leaks at the lid',
      author: 'Ben',
      stars: 2,
      date: '2026-03-11',
      text: 'Fine until the second week. Then water came out of the lid.',
    })
    assert.deepEqual([progress.percentage, progress.current, progress.ok, progress.failed], [100, 6, 5, 1])
    assert.equal(site.asked.get('/kettle/3'), 2, 'the page that failed was tried again')
    assert.equal(site.asked.get('/kettle/5'), 2, 'the page that never answers was given up')
    const output = await outputOf(job.id)
    assert.match(output, /kettle\/3: the page answered 503; trying again/)
    assert.equal(output.match(/^\{"title":/gm).length, 10)
    assert.deepEqual(browsersBelow(tidings.child.pid), [], 'its browser is closed')
  })

  test('pauses between two pages, goes on, and an abort leaves the reviews so far and no browser', async (t) => {
    // The page that never answers holds it until the abort.
    const job = await begin(t, { pageTimeoutMs: 60_000, delayMs: 50 })
    await job.until('progress', ({ progress }) => progress.current >= 1)
    const found = browsersBelow(tidings.child.pid)
    assert.ok(found.length >= 2, `a browser is several processes: ${found}`)
    await post(`/${job.id}/pause`, {})
    await job.until('the pause', ({ status }) => status === 'paused')
    await post(`/${job.id}/resume`, {})
    await job.until('the fourth page', ({ status, progress }) => status === 'running' && progress.current === 4)
    await post(`/${job.id}/abort`, {})
    const { reason } = await job.until('the end', ({ status }) => status === 'aborted')
    assert.equal(reason, 'asked')
    assert.equal((await outputOf(job.id)).match(/^\{"title":/gm).length, 8)
    assert.deepEqual(found.filter(isBrowser), [], 'no browser is left')
  })

  test('a kill leaves no browser', async (t) => {
    const job = await begin(t, { pageTimeoutMs: 60_000 })
    await job.until('progress', ({ progress }) => progress.current >= 1)
    const found = browsersBelow(tidings.child.pid)
    assert.ok(found.length >= 2, `a browser is several processes: ${found}`)
    await post(`/${job.id}/kill`, {})
    await job.until('the end', ({ status }) => status === 'aborted')
    assert.deepEqual(found.filter(isBrowser), [], 'no browser is left')
  })

  test('a foreign site is refused before a browser starts', async (t) => {
    const job = await begin(t, { url: 'http://example.org/' })
    await job.until('the end', ({ status }) => status === 'failed')
    assert.match((await jobOf(job.id)).error.message, /example\.org is not one of the origins/)
  })
})
