// The three foreground apps against a real Tidings: each answers and streams as it did before, and its work is a job that outlives the page.
// All at once, because a fresh server judges no lease for half a minute. FOREGROUND_ONLY=express runs one of them.

const assert = require('node:assert/strict')
const path = require('node:path')
const { randomUUID } = require('node:crypto')
const { after, before, describe, test } = require('node:test')
const { quiet } = require('./deadline.js')
const { followSession, openStream } = require('./event-stream.js')
const { freePort, start, startTidings } = require('./processes.js')

const ROOT = path.join(__dirname, '..', '..')
const FOREGROUND = path.join(__dirname, '..', 'foreground')
const APPS = {
  express: ['node', path.join(FOREGROUND, 'express', 'app.js')],
  fastapi: [path.join(ROOT, 'target', 'foreground', 'venv', 'bin', 'python'), path.join(FOREGROUND, 'fastapi', 'app.py')],
  axum: [process.env.FOREGROUND_AXUM ?? path.join(ROOT, 'target', 'debug', 'examples', 'foreground-axum')],
}
/** A fresh server judges no lease for 30 s, the shortest lease is 1 s. */
const LOST_WITHIN_MS = 50_000

describe('foreground', { concurrency: true }, () => {
  let tidings
  const ends = []
  before(async () => {
    tidings = (await startTidings((end) => ends.unshift(end))).url
  })
  after(() => inOrder(ends))
  for (const [name, command] of Object.entries(APPS).filter(([name]) => (process.env.FOREGROUND_ONLY ?? name) === name)) {
    describe(name, { concurrency: true }, () => tests(command, () => tidings))
  }
})

async function inOrder(ends) {
  for (const end of ends) await end()
}

function tests(command, tidings) {
  let app
  const launch = (atEnd, env = {}) => start(atEnd, command, { env: { PORT: '0', TIDINGS_URL: tidings(), LEASE_MS: '3000', ...env } })
  const ends = []
  before(async () => {
    app = (await launch((end) => ends.unshift(end))).url
  })
  after(() => inOrder(ends))

  const build = (order, signal) =>
    fetch(`${app}/reports`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order), signal })
  const stream = ({ rows, delayMs, session }, url = app) =>
    openStream(`${url}/reports/stream?rows=${rows}&delayMs=${delayMs}&session=${session}`)
  const ask = async (id, verb) => {
    const response = await fetch(`${tidings()}/api/v1/jobs/${id}/${verb}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })
    assert.ok(response.ok, `${verb}: ${response.status}`)
  }
  const jobOf = async (id) => (await fetch(`${tidings()}/api/v1/jobs/${id}`)).json()
  /** A session of its own, followed from before its job begins. */
  const page = async (t) => {
    const session = randomUUID()
    const seen = await followSession(tidings(), session)
    t.after(seen.leave)
    return { session, seen }
  }
  const hasProgress = (job) => job.status === 'running' && job.progress.current > 1

  test('a route answers as before, and by then the record says so', async () => {
    const session = randomUUID()
    const response = await build({ rows: 5, delayMs: 10, session })
    assert.deepEqual([response.status, await response.json()], [200, { rows: 5, cents: 1500 }])
    const { jobs } = await (await fetch(`${tidings()}/api/v1/jobs?session=${session}`)).json()
    assert.equal(jobs.length, 1)
    const job = await jobOf(jobs[0].id)
    assert.deepEqual([job.status, job.task, job.session, job.title], ['completed', 'report', session, 'Report of 5 orders'])
    assert.deepEqual([job.subject, job.input, job.result], [{ type: 'report', id: '5' }, { rows: 5, delayMs: 10 }, { rows: 5, cents: 1500 }])
    assert.deepEqual([job.progress.percentage, job.progress.current, job.progress.message], [100, 5, 'order 5'])
  })

  test('a stream sends its own events', async () => {
    const own = await stream({ rows: 4, delayMs: 10, session: randomUUID() })
    assert.match(own.response.headers.get('content-type'), /^text\/event-stream/)
    await own.ended
    assert.deepEqual(own.events.map(({ event }) => event), ['progress', 'progress', 'progress', 'progress', 'done'])
    assert.deepEqual(own.events[1].data, { percentage: 50, current: 2, total: 4, message: 'order 2' })
    assert.deepEqual(own.events.at(-1).data, { rows: 4, cents: 1000 })
  })

  test('what makes no sense is refused without a job', async () => {
    const session = randomUUID()
    assert.equal((await build({ rows: 0, session })).status, 400)
    const { jobs } = await (await fetch(`${tidings()}/api/v1/jobs?session=${session}`)).json()
    assert.deepEqual(jobs, [])
  })

  test('a browser that leaves a stream finds its job again, and the work is done', async (t) => {
    const session = randomUUID()
    const own = await stream({ rows: 60, delayMs: 50, session })
    await own.until('progress', (events) => events.length > 1)
    own.leave()
    // Only now the page comes back: it knows nothing but its session.
    const seen = await followSession(tidings(), session)
    t.after(seen.leave)
    const job = await seen.until('the job, found by its session', ({ status }) => status === 'running')
    const ahead = await seen.until('progress that goes on', ({ progress }) => progress.current > 10)
    assert.equal(ahead.id, job.id)
    await seen.until('the end', ({ status }) => status === 'completed')
    assert.deepEqual((await jobOf(job.id)).result, { rows: 60, cents: 183_000 })
  })

  test('a browser that does not wait for its answer finds its job again, and the work is done', async (t) => {
    const { session, seen } = await page(t)
    const gone = new AbortController()
    const answer = build({ rows: 40, delayMs: 50, session }, gone.signal)
    const refused = assert.rejects(answer, { name: 'AbortError' })
    await seen.until('progress', hasProgress)
    gone.abort()
    await refused
    const { id } = await seen.until('the end', ({ status }) => status === 'completed')
    assert.deepEqual((await jobOf(id)).result, { rows: 40, cents: 82_000 })
  })

  test('an abort reaches the work, and the handler says so', async (t) => {
    const { session, seen } = await page(t)
    const answer = build({ rows: 10_000, delayMs: 20, session })
    const { id } = await seen.until('progress', hasProgress)
    await ask(id, 'abort')
    const response = await answer
    assert.equal(response.status, 409)
    assert.match((await response.json()).error, /abort/)
    const { reason } = await seen.until('the end', ({ status }) => status === 'aborted')
    assert.equal(reason, 'asked')
  })

  test('an abort ends the stream with an event of its own', async (t) => {
    const { session, seen } = await page(t)
    const own = await stream({ rows: 10_000, delayMs: 20, session })
    const { id } = await seen.until('progress', hasProgress)
    await ask(id, 'abort')
    await own.ended
    const { event, data } = own.events.at(-1)
    assert.equal(event, 'failed')
    assert.match(data.error, /abort/)
  })

  test('a pause holds the work at its checkpoint until the resume', async (t) => {
    const { session, seen } = await page(t)
    const own = await stream({ rows: 40, delayMs: 50, session })
    const { id } = await seen.until('progress', hasProgress)
    await ask(id, 'pause')
    await seen.until('the pause', ({ status }) => status === 'paused')
    const { length } = own.events
    await quiet()
    assert.ok(own.events.length <= length + 1, 'at most the event that was under way')
    await ask(id, 'resume')
    await seen.until('the end', ({ status }) => status === 'completed')
    await own.ended
    assert.deepEqual(own.events.at(-1), { event: 'done', data: { rows: 40, cents: 82_000 } })
  })

  test('an app that is told to stop fails its jobs in words', async (t) => {
    const { session, seen } = await page(t)
    const own = await launch((end) => t.after(end))
    const events = await stream({ rows: 10_000, delayMs: 20, session }, own.url)
    const { id } = await seen.until('progress', hasProgress)
    // The browser has gone, so that nobody waits for the work any more.
    events.leave()
    own.child.kill('SIGTERM')
    const [code, signal] = await own.gone
    assert.ok(code === 0 || signal === 'SIGTERM', own.said())
    await seen.until('the end', ({ status }) => status === 'failed')
    assert.deepEqual((await jobOf(id)).error, { kind: 'interrupted', message: 'the app was restarted' })
  })

  test('an app that is killed leaves a lost job behind, not a running one', async (t) => {
    const { session, seen } = await page(t)
    const own = await launch((end) => t.after(end), { LEASE_MS: '1000' })
    await stream({ rows: 10_000, delayMs: 20, session }, own.url)
    await seen.until('progress', hasProgress)
    own.child.kill('SIGKILL')
    const { reason } = await seen.until('the loss', ({ status }) => status === 'lost', LOST_WITHIN_MS)
    assert.equal(reason, 'reporter_gone')
  })

  test('without Tidings the route answers 503, and soon', async (t) => {
    const own = await launch((end) => t.after(end), { TIDINGS_URL: `http://127.0.0.1:${await freePort()}` })
    const response = await fetch(`${own.url}/reports`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"rows":1}',
      signal: AbortSignal.timeout(10_000),
    })
    assert.equal(response.status, 503)
    assert.ok((await response.json()).error)
  })

  test('the page knows where Tidings is', async () => {
    const text = await (await fetch(app)).text()
    assert.ok(text.includes(`data-tidings="${tidings()}"`))
  })
}
