// An ordinary Express app with two slow routes. The lines marked `tidings` made them tracked jobs; without them it is what it was.
//
//   GET  /                page.html, which finds its report again after a reload
//   POST /reports         {rows?, delayMs?, session?}: the report as JSON, when it is done
//   GET  /reports/stream  ?rows=&delayMs=&session=: the app's own events: `progress`, then `done` or `failed`
//
// Environment: PORT (8441), TIDINGS_URL (http://127.0.0.1:8430), TIDINGS_TOKEN (none in open mode), LEASE_MS (30000).
// OWNER stands for the signed-in user, whom a real app takes from its own session, never from the request.

import { readFileSync } from 'node:fs'
import { Stopped, tracker } from '@tidings/track' // tidings
import express from 'express'
import { buildReport } from './report.js'

const { PORT = '8441', TIDINGS_URL = 'http://127.0.0.1:8430', TIDINGS_TOKEN, LEASE_MS = '30000', OWNER } = process.env
const page = readFileSync(new URL('../page.html', import.meta.url), 'utf8').replace('TIDINGS_URL', TIDINGS_URL)
const tidings = tracker({ url: TIDINGS_URL, token: TIDINGS_TOKEN, leaseMs: Number(LEASE_MS) }) // tidings
const app = express()
app.use(express.json())

app.get('/', (_request, response) => response.type('html').send(page))

app.post('/reports', async (request, response) => {
  const order = orderOf(request.body)
  const report = await tidings.track('report', jobOf(order), (job) => // tidings
    buildReport(order, async (progress) => {
      await job.checkpoint() // tidings
      job.progress(percentOf(progress)) // tidings
    }),
  )
  response.json(report)
})

app.get('/reports/stream', async (request, response) => {
  const order = orderOf(request.query)
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders()
  // A browser that left takes nothing more; the work goes on.
  const send = (event, data) => response.writable && response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  try {
    const report = await tidings.track('report', jobOf(order), (job) => // tidings
      buildReport(order, async (progress) => {
        await job.checkpoint() // tidings
        job.progress(percentOf(progress)) // tidings
        send('progress', percentOf(progress))
      }),
    )
    send('done', report)
  } catch (error) {
    send('failed', { error: error.message })
  }
  response.end()
})

app.use((error, _request, response, _next) => {
  const status = error instanceof Stopped ? 409 : error.code === 'unreachable' ? 503 : (error.status ?? 500) // tidings
  response.status(status).json({ error: error.message })
})

/** What the job is about, and where a page that comes back finds it. */
function jobOf({ session, rows, delayMs }) {
  return { owner: OWNER, session, subject: { type: 'report', id: `${rows}` }, title: `Report of ${rows} orders`, input: { rows, delayMs } }
}

function orderOf({ rows = 20, delayMs = 100, session }) {
  const order = { rows: Number(rows), delayMs: Number(delayMs), session }
  if (order.rows >= 1 && order.rows <= 10_000 && order.delayMs >= 0 && order.delayMs <= 10_000) return order
  throw Object.assign(new Error('rows is from 1 to 10000, delayMs from 0 to 10000'), { status: 400 })
}

function percentOf({ current, total, message }) {
  return { percentage: Math.floor((100 * current) / total), current, total, message }
}

const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))

process.once('SIGTERM', async () => {
  server.close()
  await tidings.shutDown({ reason: 'the app was restarted' }) // tidings
  process.exit(0)
})
