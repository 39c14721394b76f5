const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { test } = require('node:test')
const { createApp } = require('../report-app/app.js')
const { fakeTidings } = require('./fake-tidings.js')
const { quiet } = require('./deadline.js')

/** The app on a free port, writing its reports to a place of its own. */
async function start(t, options) {
  const fake = await fakeTidings(t, options)
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'report-app-'))
  t.after(() => fs.rmSync(out, { recursive: true }))
  const app = createApp({ tidings: fake.url, out, ...options })
  await once(app.listen(0, '127.0.0.1'), 'listening')
  t.after(() => app.shutDown())
  const base = `http://127.0.0.1:${app.address().port}`
  const post = (body, type = 'application/json') =>
    fetch(`${base}/reports`, { method: 'POST', headers: { 'Content-Type': type }, body: JSON.stringify(body) })
  const get = (path) => fetch(base + path)
  return { fake, app, base, post, get, out }
}

const isVerb = (verb) => (call) => call.verb === verb
const acknowledges = (number) => (call) => call.body?.acknowledge === number

test('answers at once, builds the report, and reports it', async (t) => {
  const { fake, base, post, get, out } = await start(t, { token: 'key', owner: 'ann' })
  const response = await post({ groupBy: 'region', delayMs: 5 })
  assert.equal(response.status, 202)
  const { id, job, watch, outcome } = await response.json()
  assert.deepEqual([job, watch, outcome], ['job_1', `${fake.url}/?job=job_1`, 'running'])
  assert.equal((await get(`/reports/${id}`)).status, 404)

  const [submit] = fake.calls
  assert.deepEqual(submit.body, {
    owner: 'ann',
    task: 'report',
    title: 'Sales by region',
    subject: { type: 'report', id },
    link: `${base}/reports/${id}`,
    input: { groupBy: 'region', delayMs: 5 },
    mode: 'tracked',
  })
  assert.equal(submit.headers.authorization, 'Bearer key')
  assert.equal(submit.headers['tidings-lease'], undefined)

  const { body } = await fake.seen('the result', isVerb('complete'))
  assert.equal(body.result.rows, 200)
  assert.equal(body.result.files, 1)
  assert.deepEqual(body.result.groups.map(({ name }) => name), ['east', 'north', 'south', 'west'])
  assert.equal(body.result.groups.reduce((sum, { sales }) => sum + sales, 0), 200)
  assert.equal(body.result.cents, centsOfTheFile())

  // The last one comes with the end, unless there was time to report it before.
  const told = [...fake.of('progress').map((call) => call.body), ...(body.progress ? [body.progress] : [])]
  assert.ok(told.length > 2)
  assert.deepEqual(told.at(-1), { current: 200, total: 200, message: 'sales-2025.csv', percentage: 100 })
  assert.ok(told.every(({ current }, index) => index === 0 || current > told[index - 1].current))
  assert.equal(fake.of('complete').length, 1)
  assert.equal(fake.calls.at(-1).verb, 'complete')
  assert.ok(!fake.calls.some(isVerb('fail')))

  assert.deepEqual(await (await get(`/reports/${id}/status`)).json(), { status: 'completed', progress: { percentage: 50 } })
  const csv = await (await get(`/reports/${id}`)).text()
  assert.equal(csv.split('\n')[0], 'region,sales,quantity,cents,median_cents')
  assert.deepEqual(fs.readdirSync(out), [`${id}.csv`])
  assert.equal((await (await get('/reports')).json())[0].outcome, 'completed')
})

/** The same sum, taken another way. */
function centsOfTheFile() {
  const text = fs.readFileSync(path.join(__dirname, '..', 'report-app', 'data', 'sales-2025.csv'), 'utf8')
  return [...text.matchAll(/,(\d+),(\d+)$/gm)].reduce((sum, [, quantity, cents]) => sum + quantity * cents, 0)
}

test('stands still from the acknowledged pause to the resume', async (t) => {
  const { fake, post } = await start(t)
  await post({ delayMs: 5 })
  await fake.seen('progress', isVerb('progress'))
  fake.ask('pause')
  await fake.seen('the pause', acknowledges(1))
  await quiet()
  const before = fake.calls.length
  await fake.seen('a look for the resume', isVerb('heartbeat'))
  const whilePaused = fake.calls.slice(fake.calls.findIndex(acknowledges(1)) + 1).filter(({ body }) => body.current)
  assert.ok(whilePaused.length <= 1, 'at most the progress of the last row')
  assert.ok(before < 20 && !fake.calls.some(isVerb('complete')))
  fake.ask('resume')
  await fake.seen('the resume', acknowledges(2))
  const { body } = await fake.seen('the result', isVerb('complete'))
  assert.equal(body.result.rows, 200)
  assert.ok(fake.calls.findIndex(acknowledges(2)) < fake.calls.findIndex(isVerb('complete')))
})

test('stops when it is aborted, also while paused, and says so once', async (t) => {
  for (const pausedFirst of [false, true]) {
    const { fake, post, get, out } = await start(t)
    const { id } = await (await post({ delayMs: 5 })).json()
    await fake.seen('progress', isVerb('progress'))
    if (pausedFirst) {
      fake.ask('pause')
      await fake.seen('the pause', acknowledges(1))
    }
    const { number } = fake.ask('abort')
    await fake.seen('the abort', acknowledges(number))
    await quiet()
    assert.equal(fake.calls.at(-1).body.acknowledge, number)
    assert.equal(fake.calls.filter(acknowledges(number)).length, 1)
    assert.ok(!fake.calls.some(({ verb }) => verb === 'complete' || verb === 'fail'))
    assert.equal((await get(`/reports/${id}`)).status, 404)
    assert.deepEqual(fs.readdirSync(out), [])
  }
})

test('an app that is told to stop fails its jobs in words', async (t) => {
  const { fake, app, post } = await start(t)
  await post({ delayMs: 20 })
  await fake.seen('progress', isVerb('progress'))
  await app.shutDown()
  assert.deepEqual(fake.of('fail').map(({ body }) => body), [{ error: { message: 'the app was stopped', kind: 'interrupted' } }])
})

test('requests that make no sense are refused without a job', async (t) => {
  const { fake, post, get } = await start(t)
  assert.equal((await post({ groupBy: 'colour' })).status, 400)
  assert.equal((await post({ delayMs: -1 })).status, 400)
  assert.equal((await post({}, 'text/plain')).status, 415)
  assert.equal((await get('/reports/../../etc/passwd')).status, 404)
  assert.equal((await get('/reports/nothing')).status, 404)
  assert.match(await (await get('/')).text(), /<h1>Reports/)
  assert.deepEqual(fake.calls, [])
})

test('without Tidings the request fails, and says why', async (t) => {
  t.mock.method(console, 'error', () => {})
  const { fake, post } = await start(t)
  fake.answer = () => [503, { title: 'Later', detail: 'the store is away', code: 'unavailable' }]
  const response = await post({})
  assert.equal(response.status, 502)
  assert.deepEqual(await response.json(), { error: 'Tidings: the store is away' })
})
