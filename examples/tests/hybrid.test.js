// The Express app of the hybrid approach against a real Tidings: its own answers and streams, what its document's pages ask for, and its page in
// Chromium. All at once, because a fresh server judges no lease for half a minute.

const assert = require('node:assert/strict')
const path = require('node:path')
const fs = require('node:fs')
const { randomUUID } = require('node:crypto')
const { after, before, describe, test } = require('node:test')
const { chromium } = require('playwright-core')
const { quiet } = require('./deadline.js')
const { follow, openStream } = require('./event-stream.js')
const { freePort, start, startTidings } = require('./processes.js')

const HYBRID = path.join(__dirname, '..', 'hybrid')
/** As in its README. */
const [KEY] = fs.readFileSync(path.join(HYBRID, 'README.md'), 'utf8').match(/tdk_\w+/)
/** A fresh server judges no lease for 30 s, the shortest lease is 1 s. */
const LOST_WITHIN_MS = 50_000

const ends = []
const atEnd = (end) => ends.unshift(end)
let tidings
let app

before(async () => {
  const port = await freePort()
  const config = fs.readFileSync(path.join(HYBRID, 'tidings.toml'), 'utf8').replace('127.0.0.1:8471', `127.0.0.1:${port}`)
  tidings = (await startTidings(atEnd, config)).url
  app = (await launch(atEnd, { PORT: `${port}` })).url
})
after(async () => {
  for (const end of ends) await end()
})

const launch = (atEnd, env = {}) =>
  start(atEnd, ['node', path.join(HYBRID, 'app.js')], {
    env: { PORT: '0', TIDINGS_URL: tidings, TIDINGS_TOKEN: KEY, LEASE_MS: '3000', STEP_MS: '150', ...env },
  })

/** Somebody with a browser of their own: what it sends with each request to the app's origin. */
async function signIn(name, origin = app) {
  const body = JSON.stringify({ name })
  const response = await fetch(`${origin}/sign-in`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  const [cookie] = response.headers.get('set-cookie').split(';')
  const headers = { Cookie: cookie, Origin: app, 'Content-Type': 'application/json' }
  const ask = async (method, address, body) => {
    const response = await fetch(origin + address, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    return { status: response.status, ...(await response.json()) }
  }
  const order = (sessionId, understandingId = 'coffee-shop') => ({ understandingId, sessionId })
  return {
    ask,
    /** Holds the newest job of a session where it is, until it is let go. */
    hold: async (seen) => {
      const { id } = await seen.until('progress', isRunning)
      await ask('POST', `/api/v1/jobs/${id}/pause`, {})
      await seen.until('the pause', ({ status }) => status === 'paused')
      return () => ask('POST', `/api/v1/jobs/${id}/resume`, {})
    },
    bySession: async (session) => (await ask('GET', `/api/background-jobs/by-session/${session}`)).job,
    generate: (session, understanding) => ask('POST', '/generate-epm', order(session, understanding)),
    stream: (session, understanding) =>
      openStream(`${origin}/generate-epm`, { method: 'POST', headers, body: JSON.stringify(order(session, understanding)) }),
    /** The newest job of a session, live. */
    watch: async (t, session) => {
      const seen = await follow(app, { session }, headers)
      t.after(seen.leave)
      return seen
    },
  }
}

const isRunning = ({ status, progress }) => status === 'running' && progress.percentage > 0
const hasSteps = (events) => events.filter(({ data }) => data.progress > 0).length > 1

describe('hybrid', { concurrency: true }, () => {
  describe('the app', { concurrency: true }, appTests)
  describe('backgroundJobService', serviceTests)
  describe('the page', pageTests)
})

function appTests() {
  test('an app that is killed leaves a job that is lost within its lease, not one that runs for ever', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const own = await launch((end) => t.after(end), { LEASE_MS: '1000', STEP_MS: '60000' })
    const seen = await ann.watch(t, session)
    await (await signIn('ann', own.url)).stream(session)
    await seen.until('the job', ({ status }) => status === 'running')
    own.child.kill('SIGKILL')
    const { reason } = await seen.until('the loss', ({ status }) => status === 'lost', LOST_WITHIN_MS)
    assert.equal(reason, 'reporter_gone')
    assert.equal((await ann.bySession(session)).status, 'failed')
  })

  test('journey 1: who stays sees the progress and the answer, as before', async () => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const own = await ann.stream(session)
    assert.match(own.response.headers.get('content-type'), /^text\/event-stream/)
    await own.ended
    const told = own.events.map(({ data }) => data)
    const { success, programId, summary, jobId } = told.pop()
    assert.deepEqual(told.map(({ progress }) => progress), Array.from({ length: 20 }, (_, step) => 5 * step))
    assert.deepEqual(told[5], { progress: 25, message: 'Generating resources...' })
    assert.equal(success, true)

    const { job } = await ann.ask('GET', `/api/background-jobs/${jobId}`)
    assert.deepEqual(
      [job.userId, job.jobType, job.status, job.progress, job.progressMessage],
      ['ann', 'epm_generation', 'completed', 100, 'Done! View program'],
    )
    assert.deepEqual([job.sessionId, job.relatedEntityType, job.relatedEntityId], [session, 'strategic_understanding', 'coffee-shop'])
    assert.deepEqual([job.inputData, job.resultData], [{ understandingId: 'coffee-shop', sessionId: session }, { programId, summary }])
    assert.equal((await (await signIn('bob')).bySession(session)), null, 'it is nobody else\'s')
  })

  test('who asks for JSON gets JSON, as before, and by then the record says so', async () => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const { status, success, programId, jobId } = await ann.generate(session)
    assert.deepEqual([status, success], [200, true])
    const job = await ann.bySession(session)
    assert.deepEqual([job.id, job.status, job.resultData.programId], [jobId, 'completed', programId])
  })

  test('journey 2: who leaves comes back to a job that runs', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const own = await ann.stream(session)
    await own.until('progress', hasSteps)
    own.leave()
    const job = await ann.bySession(session)
    assert.equal(job.status, 'running')
    assert.ok(job.progress > 0, `at ${job.progress} %`)
    const { jobs } = await ann.ask('GET', '/api/background-jobs/running')
    assert.ok(jobs.some(({ id, sessionId }) => id === job.id && sessionId === session))
    const seen = await ann.watch(t, session)
    await seen.until('progress that goes on', ({ progress }) => progress.percentage > job.progress)
    await seen.until('the end', ({ status }) => status === 'completed')
  })

  test('journey 3: who comes back after the end finds the result, and is told of it', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const seen = await ann.watch(t, session)
    const own = await ann.stream(session)
    await own.until('progress', hasSteps)
    own.leave()
    await seen.until('the end', ({ status }) => status === 'completed')
    const job = await ann.bySession(session)
    assert.match(job.resultData.programId, /^program-\d+$/)
    const { jobs } = await ann.ask('GET', '/api/background-jobs/recent-completions')
    assert.ok(jobs.some(({ id, status }) => id === job.id && status === 'completed'))
  })

  test('a cancel reaches the work, and is final', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const seen = await ann.watch(t, session)
    const own = await ann.stream(session)
    const { id } = await seen.until('progress', isRunning)
    assert.equal((await ann.ask('DELETE', `/api/background-jobs/${id}`)).success, true)
    await own.ended
    const last = own.events.at(-1).data
    assert.match(last.error, /ann asked to abort/)
    assert.ok(own.events.length < 20, 'the work did not go on to its end')
    await seen.until('the end', ({ status }) => status === 'aborted')
    const { job } = await ann.ask('GET', `/api/background-jobs/${id}`)
    assert.deepEqual([job.status, job.errorMessage, job.resultData], ['failed', 'Job cancelled by user', null])
  })

  test('a pause holds the work at its checkpoint', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const seen = await ann.watch(t, session)
    const own = await ann.stream(session)
    const letGo = await ann.hold(seen)
    const { length } = own.events
    await quiet()
    assert.equal(own.events.length, length)
    await letGo()
    await own.ended
    assert.equal(own.events.at(-1).data.success, true)
  })

  test('a failure is answered as before, and stands in the record', async () => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const { status, error } = await ann.generate(session, 'missing')
    assert.deepEqual([status, error], [500, 'there is no understanding missing'])
    const job = await ann.bySession(session)
    assert.deepEqual([job.status, job.errorMessage], ['failed', error])
  })

  test('an app that is restarted fails its jobs in words', async (t) => {
    const [ann, session] = [await signIn('ann'), randomUUID()]
    const own = await launch((end) => t.after(end))
    const seen = await ann.watch(t, session)
    await (await signIn('ann', own.url)).stream(session)
    await seen.until('progress', isRunning)
    own.child.kill('SIGTERM')
    await own.gone
    assert.equal((await ann.bySession(session)).errorMessage, 'the app was restarted')
  })

  test('without Tidings nothing runs untracked: the request fails, and soon', async (t) => {
    const own = await launch((end) => t.after(end), { TIDINGS_URL: `http://127.0.0.1:${await freePort()}` })
    const { status, error } = await (await signIn('ann', own.url)).generate(randomUUID())
    assert.equal(status, 500)
    assert.ok(error)
  })
}

function serviceTests() {
  let service
  const said = []
  before(async () => {
    const { createBackgroundJobService } = await import('../hybrid/backgroundJobService.js')
    service = createBackgroundJobService({ url: tidings, token: KEY, warn: (words) => said.push(words) })
  })
  const create = () => service.createJob({ userId: 'cleo', jobType: 'web_research', inputData: { query: 'tea' }, sessionId: randomUUID() })
  const jobOf = async (id) => (await (await signIn('cleo')).ask('GET', `/api/background-jobs/${id}`)).job

  test('what comes after the end changes nothing, and an error among it is not swallowed', async () => {
    const id = await create()
    assert.equal(await service.updateJob(id, { progress: 40, progressMessage: 'Reading' }), true)
    assert.equal(await service.updateJob(id, { status: 'completed', resultData: { pages: 3 } }), true)
    said.length = 0
    assert.equal(await service.failJob(id, new Error('the answer could not be sent')), false)
    assert.match(said.join('\n'), new RegExp(`${id}: failed after its end: Error: the answer could not be sent\\n +at `))
    assert.equal(await service.updateJob(id, { status: 'running', progress: 50 }), false)
    assert.equal(await service.updateJob(id, { status: 'completed', resultData: {} }), false)
    const { status, resultData, progressMessage } = await jobOf(id)
    assert.deepEqual([status, resultData, progressMessage], ['completed', { pages: 3 }, 'Reading'])
  })

  test('a status of failed fails it', async () => {
    const id = await create()
    await service.updateJob(id, { status: 'failed', errorMessage: 'no such page' })
    const { status, errorMessage } = await jobOf(id)
    assert.deepEqual([status, errorMessage], ['failed', 'no such page'])
  })

  test('updates that nobody waits for do no harm, cancelled or not', async () => {
    const id = await create()
    const signal = service.signalOf(id)
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', resolve))
    await (await signIn('cleo')).ask('DELETE', `/api/background-jobs/${id}`)
    await cancelled
    service.updateJob(id, { progress: 60 })
    await assert.rejects(service.checkpoint(id), { name: 'AbortError' })
    await service.failJob(id, signal.reason)
    service.updateJob(id, { progress: 70 })
    assert.equal((await jobOf(id)).errorMessage, 'Job cancelled by user')
  })

  test('of a job that does not run here there is no signal', () => {
    assert.throws(() => service.signalOf('job_unknown'), /does not run in this process/)
  })
}

function pageTests() {
  let browser
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
  })
  after(() => browser.close())

  /** A tab of Ann's browser on the page of a session. */
  async function open(context, session, understanding = 'coffee-shop') {
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    await page.goto(`${app}/?understanding=${understanding}&session=${session}`)
    return page
  }
  async function annsBrowser(t) {
    const context = await browser.newContext()
    t.after(() => context.close())
    const page = await open(context, 'none')
    await page.getByRole('button', { name: 'Sign in as ann' }).click()
    await page.getByRole('heading', { name: 'EPM program' }).waitFor()
    await page.close()
    return context
  }
  const generate = (page) => page.getByRole('button', { name: 'Generate EPM Program' }).click()
  const status = (page) => page.getByRole('status')

  test('who stays sees what was there before; a second tab resumes, and its end harms nobody', async (t) => {
    const [context, session, ann] = [await annsBrowser(t), randomUUID(), await signIn('ann')]
    const seen = await ann.watch(t, session)
    const page = await open(context, session)
    await generate(page)
    const letGo = await ann.hold(seen)
    await page.getByText('Extracting tasks...').waitFor()
    const second = await open(context, session)
    await status(second).getByText(/still running \(\d+% complete when you came back\)/).waitFor()
    await second.getByRole('link', { name: 'Background Jobs (' }).waitFor()
    await second.close()
    await letGo()
    await page.getByText(/Done! View program-\d+/).waitFor()
    assert.equal(await status(page).count(), 0)
    await page.reload()
    await page.getByText('Done! View program').waitFor()
    assert.equal(await status(page).count(), 0, 'an end that was watched is no news')
  })

  test('who leaves comes back to a running job, then to a finished one, and is told once', async (t) => {
    const [context, session, ann] = [await annsBrowser(t), randomUUID(), await signIn('ann')]
    const seen = await ann.watch(t, session)
    const page = await open(context, session)
    await generate(page)
    const letGo = await ann.hold(seen)
    await page.close()
    const back = await open(context, session)
    await status(back).getByText('still running').waitFor()
    await back.close()
    await letGo()
    await seen.until('the end', ({ status }) => status === 'completed')
    const later = await open(context, session)
    await status(later).getByText('completed while you were away!').waitFor()
    await later.reload()
    await later.getByText('Done! View program').waitFor()
    assert.equal(await status(later).count(), 0, 'it is told once')
  })

  test('a failure while away says why, until it is dismissed; the page of jobs has it all', async (t) => {
    const [context, session, ann] = [await annsBrowser(t), randomUUID(), await signIn('ann')]
    const seen = await ann.watch(t, session)
    const page = await open(context, session, 'missing')
    await generate(page)
    await seen.until('the job', ({ status }) => status === 'running')
    await page.close()
    await seen.until('the end', ({ status }) => status === 'failed')
    const later = await open(context, session, 'missing')
    await status(later).getByText('failed: there is no understanding missing').waitFor()
    await later.getByRole('button', { name: 'Dismiss' }).click()
    await status(later).waitFor({ state: 'detached' })
    await later.goto(`${app}/jobs`)
    await later.getByText('there is no understanding missing').first().waitFor()
  })
}
