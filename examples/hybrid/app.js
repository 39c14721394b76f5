// The Express app of the hybrid approach: a request that takes a while, streams its own progress and answers when it is done, as before. Beside
// it there is now a job that the user finds again after leaving the page. The lines marked `NEW` made it one.
//
//   GET  /               the page; ?understanding=&session= say which wizard it shows. /jobs is the page of jobs. Built by `vite build page`
//   POST /sign-in        {"name": "ann"}: a session cookie. A real app asks for a password
//   GET  /whoami         who bears the cookie. This is what Tidings asks
//   POST /generate-epm   {understandingId, sessionId}: the program as JSON, when it is done. To whoever accepts text/event-stream: its progress
//                        on the way, then the same answer as the last event
//   *    /api/…          forwarded to Tidings
//
// Environment: PORT (8471), TIDINGS_URL (http://127.0.0.1:8430), TIDINGS_TOKEN (a key that may submit and report), LEASE_MS (30000),
// STEP_MS (500): how long one step of the work takes.

import { fileURLToPath } from 'node:url'
import express from 'express'
import { createBackgroundJobService } from './backgroundJobService.js' // NEW
import { createEpmSynthesizer } from './epmSynthesizer.js'
import { forward, forwardUpgrade } from './forward.js' // NEW
import { session, signIn } from './session.js'

const { PORT = '8471', TIDINGS_URL = 'http://127.0.0.1:8430', TIDINGS_TOKEN, LEASE_MS = '30000', STEP_MS = '500' } = process.env
const backgroundJobService = createBackgroundJobService({ url: TIDINGS_URL, token: TIDINGS_TOKEN, leaseMs: Number(LEASE_MS) }) // NEW
const epmSynthesizer = createEpmSynthesizer({ stepMs: Number(STEP_MS) })
const page = fileURLToPath(new URL('page/dist', import.meta.url))

const app = express()
app.use('/api', forward(TIDINGS_URL)) // NEW
app.use(express.json(), session)
app.use(express.static(page, { extensions: ['html'] }))
app.post('/sign-in', signIn)

app.use((req, res, next) => (req.user ? next() : res.status(401).json({ error: 'nobody is signed in' })))

app.get('/whoami', (req, res) => res.json({ subject: req.user.claims.sub })) // NEW

app.post('/generate-epm', async (req, res) => {
  const progressStream = openProgressStream(req, res)
  let jobId
  try {
    const { understandingId, sessionId } = req.body
    const userId = req.user.claims.sub

    // NEW: Create job record for tracking
    jobId = await backgroundJobService.createJob({
      userId,
      jobType: 'epm_generation',
      inputData: { understandingId, sessionId },
      sessionId,
      relatedEntityId: understandingId,
      relatedEntityType: 'strategic_understanding',
      title: 'EPM program',
      pausable: true,
    })

    const result = await epmSynthesizer.synthesizeProgram(understandingId, sessionId, userId, {
      signal: backgroundJobService.signalOf(jobId), // NEW
      onProgress: async (progress, message) => {
        await backgroundJobService.checkpoint(jobId) // NEW
        // NEW: Update job record (for recovery)
        await backgroundJobService.updateJob(jobId, {
          status: 'running',
          progress,
          progressMessage: message,
        })
        progressStream.send({ progress, message })
      },
    })

    // NEW: Mark job complete. Before the answer: whoever reloads in between sees no job that still runs.
    await backgroundJobService.updateJob(jobId, {
      status: 'completed',
      progress: 100,
      progressMessage: 'Done! View program',
      resultData: {
        programId: result.programId,
        summary: result.summary,
      },
    })

    progressStream.answer(200, {
      success: true,
      programId: result.programId,
      summary: result.summary,
      jobId, // NEW
    })
  } catch (error) {
    // NEW: Mark job failed
    if (jobId) {
      await backgroundJobService.failJob(jobId, error)
    }

    progressStream.answer(500, { error: error.message })
  }
})

/** The answer of a request, with its progress before it for who asked for a stream. A browser that left takes nothing more; the work goes on. */
function openProgressStream(req, res) {
  if (req.accepts(['json', 'text/event-stream']) !== 'text/event-stream') {
    return { send: () => {}, answer: (status, body) => res.status(status).json(body) }
  }
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }).flushHeaders()
  const send = (data) => res.writable && res.write(`data: ${JSON.stringify(data)}\n\n`)
  return {
    send,
    answer: (_status, body) => {
      send(body)
      res.end()
    },
  }
}

const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
server.on('upgrade', forwardUpgrade(TIDINGS_URL)) // NEW

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    server.close()
    await backgroundJobService.shutDown('the app was restarted') // NEW
    process.exit(0)
  })
}
