// A small app that builds reports inside its own process and lets Tidings tell everybody how they are doing.
//
//   GET  /                     the page
//   POST /reports              {groupBy?, delayMs?}: begins one; 202 with {id, job, watch} at once
//   GET  /reports              the reports of this process
//   GET  /reports/{id}         the finished CSV; 404 until then
//   GET  /reports/{id}/status  what Tidings says of its job, fetched with the key that no browser sees
//
// Environment: PORT (8431), TIDINGS_URL (http://127.0.0.1:8430), TIDINGS_TOKEN (none in open mode), REPORT_OWNER (the user
// a service key submits for; a real app takes it from its session, never from the request), REPORT_URL (where users reach this
// app; http://127.0.0.1:PORT).

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { randomUUID } = require('node:crypto')
const { Stopped, tracker } = require('@tidings/track')
const { buildReport, GROUPS } = require('./report.js')

const DATA = path.join(__dirname, 'data')
const OUT = path.join(__dirname, 'out')
const BODY_LIMIT_BYTES = 10_000

function createApp({ tidings: url, token, owner, base, out = OUT }) {
  const tidings = tracker({ url, token })
  const reports = new Map()

  /** Resolves with the report once its job is there; the answer does not wait for the work. */
  function begin({ groupBy = 'region', delayMs = 40 }) {
    if (!GROUPS.includes(groupBy)) throw refusal(400, `groupBy is one of ${GROUPS.join(', ')}`)
    if (!(delayMs >= 0 && delayMs <= 60_000)) throw refusal(400, 'delayMs is from 0 to 60000')
    const id = randomUUID()
    const report = { id, groupBy, file: path.join(out, `${id}.csv`), outcome: 'running' }
    const about = {
      owner,
      title: `Sales by ${groupBy}`,
      subject: { type: 'report', id },
      link: `${base ?? `http://127.0.0.1:${server.address().port}`}/reports/${id}`,
      input: { groupBy, delayMs },
    }
    return new Promise((begun, refused) => {
      const over = tidings.track('report', about, async (job) => {
        report.job = job.id
        reports.set(id, report)
        begun(report)
        const { groups, ...totals } = await buildReport({
          folder: DATA,
          groupBy,
          file: report.file,
          step: async (progress) => {
            await pause(delayMs)
            await job.checkpoint()
            job.progress({ ...progress, percentage: Math.floor((progress.current * 100) / progress.total) })
          },
        })
        return { ...totals, groups }
      })
      over.then(
        () => (report.outcome = 'completed'),
        (error) => {
          report.outcome = error instanceof Stopped ? 'stopped' : 'failed'
          // Without effect once the work had begun: then the record says it.
          refused(error)
        },
      )
    })
  }

  const shown = ({ id, groupBy, job, outcome }) => ({ id, groupBy, outcome, job, watch: `${url}/?job=${job}` })

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://app')
    const [, place, id, part] = pathname.split('/')
    if (request.method === 'GET' && pathname === '/') return page(response)
    if (place !== 'reports') throw refusal(404, 'not here')
    if (request.method === 'POST' && !id) {
      const report = await begin(await bodyOf(request))
      return json(response, 202, shown(report))
    }
    if (request.method !== 'GET') throw refusal(405, 'only GET')
    if (!id) return json(response, 200, [...reports.values()].reverse().map(shown))
    const report = reports.get(id)
    if (!report) throw refusal(404, 'no such report')
    if (part === 'status') {
      const told = await fetch(`${url}/api/v1/jobs/${report.job}`, {
        headers: token ? { Authorization: `Bearer ${token}` } : {},
        signal: AbortSignal.timeout(10_000),
      })
      if (!told.ok) throw refusal(502, `Tidings answered ${told.status}`)
      const { status, progress } = await told.json()
      return json(response, 200, { status, progress })
    }
    if (part || report.outcome !== 'completed') throw refusal(404, 'not ready')
    response.writeHead(200, { 'Content-Type': 'text/csv; charset=utf-8' })
    fs.createReadStream(report.file).pipe(response)
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => {
      // What has no status of its own came from Tidings or from the way there.
      if (!error.isRefusal) console.error(error)
      json(response, error.isRefusal ? error.status : 502, { error: error.isRefusal ? error.message : `Tidings: ${error.message}` })
    })
  })

  /** Ends what runs with an error that says why, so that nobody waits for a lease to run out. */
  server.shutDown = async () => {
    server.close()
    await tidings.shutDown({ reason: 'the app was stopped' })
    server.closeAllConnections()
  }
  return server
}

function page(response) {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
  fs.createReadStream(path.join(__dirname, 'page.html')).pipe(response)
}

function json(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(value))
}

/** Only application/json: a form of a foreign page cannot send that. */
async function bodyOf(request) {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw refusal(415, 'send application/json')
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > BODY_LIMIT_BYTES) throw refusal(413, `at most ${BODY_LIMIT_BYTES} bytes`)
  }
  try {
    return JSON.parse(text || '{}') ?? {}
  } catch {
    throw refusal(400, 'not JSON')
  }
}

function refusal(status, message) {
  return Object.assign(new Error(message), { status, isRefusal: true })
}

function pause(ms) {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined
}

module.exports = { createApp }

if (require.main === module) {
  const { PORT = '8431', TIDINGS_URL = 'http://127.0.0.1:8430', TIDINGS_TOKEN: token } = process.env
  const { REPORT_OWNER: owner, REPORT_URL: base } = process.env
  const app = createApp({ tidings: TIDINGS_URL.replace(/\/$/, ''), token, owner, base })
  app.listen(Number(PORT), '127.0.0.1', () => console.log(`reports on http://127.0.0.1:${app.address().port}`))
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => app.shutDown().then(() => process.exit(0)))
}
