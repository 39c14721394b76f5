// Turns work that your own request does into a tracked job: begins it at Tidings, keeps its lease by beating, passes on
// progress, and hears pause, resume and abort. Copy this file; it needs Node 20 and no package.
//
//   const job = await track({ url, task: 'report', title: 'Sales 2025', subject: { type: 'report', id } })
//   job.run(async (job) => {
//     for (const [index, row] of rows.entries()) {
//       await job.checkpoint()                     // waits while paused, throws when the job is over
//       job.progress({ current: index + 1, total: rows.length })
//     }
//     return { rows: rows.length }                 // the result
//   })
//
// An exception of the work fails the job. A Tidings that is away for a while stops nothing: the next beat tries again.

/** Shortest time between two reports, in milliseconds. */
const REPORT_EVERY_MS = 200
/** How often a paused job looks for its resume, in milliseconds. */
const LOOK_EVERY_MS = 1_000
/** Longest time between two heartbeats, in milliseconds: a third of the usual lease, whatever the clocks say. */
const BEAT_EVERY_MS = 10_000
const REQUEST_TIMEOUT_MS = 10_000
/** How often the outcome is said again while Tidings cannot be reached; the wait doubles from REPORT_EVERY_MS. */
const OUTCOME_TRIES = 8

/** The reason of `job.signal` when nobody wants the work any more: it was aborted, or the lease went to someone else. */
class Stopped extends Error {}

/** Begins a job. `url`: where Tidings listens; `token`: an API key, left out in open mode; the rest is the submit itself. */
async function track({ url, token, ...submit }) {
  const send = async (path, body, lease) => {
    const response = await fetch(`${url}/api/v1/jobs${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(lease && { 'Tidings-Lease': lease }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const answer = await response.json().catch(() => ({}))
    if (response.ok) return answer
    const words = answer.detail ?? answer.title ?? `Tidings answered ${response.status}`
    throw Object.assign(new Error(words), { status: response.status, code: answer.code })
  }
  return new TrackedJob(await send('', { ...submit, mode: 'tracked' }), send)
}

class TrackedJob {
  #send
  #token
  #beatEveryMs
  #stop = new AbortController()
  #wish = { kind: 'none', number: 0 }
  #acknowledged = 0
  #isPaused = false
  #unsent
  #wake = () => {}
  #changed = () => {}

  constructor(job, send) {
    this.id = job.id
    this.#token = job.lease.token
    const thirdMs = (Date.parse(job.lease.expiresAt) - Date.now()) / 3
    this.#beatEveryMs = Math.min(BEAT_EVERY_MS, Math.max(LOOK_EVERY_MS, thirdMs))
    this.#send = (path, body) => send(`/${job.id}/${path}`, body, this.#token)
  }

  /** Aborted when the work is no longer wanted; hand it to fetch, child processes and the like. */
  get signal() {
    return this.#stop.signal
  }

  /** `{percentage, current, total, message, ok, failed, skipped}`, all optional. Call it as often as you like: newest wins. */
  progress(progress) {
    this.#unsent = progress
    this.#wake()
  }

  /** A safe point: returns at once, or after the resume when a pause was asked. Throws `signal.reason` when the job is over. */
  async checkpoint() {
    do {
      this.signal.throwIfAborted()
      if (this.#isAsked('pause') || this.#isAsked('resume')) {
        this.#isPaused = this.#isAsked('pause')
        await this.#acknowledge()
        this.#wake()
      } else if (this.#isPaused) {
        await new Promise((resolve) => (this.#changed = resolve))
      }
    } while (this.#isPaused)
  }

  /** Does the work and says how it ended. Never throws; resolves to `completed`, `failed` or `stopped`. */
  async run(work) {
    const over = new AbortController()
    const beating = this.#beat(over.signal)
    const outcome = await Promise.resolve(this).then(work).then(
      (result) => ({ path: 'complete', body: { result: result ?? null } }),
      (error) => ({ path: 'fail', body: { error: { message: error?.message ?? String(error), kind: error?.kind ?? error?.name ?? 'error' } } }),
    )
    over.abort()
    this.#wake()
    await beating
    if (outcome.path === 'fail' && this.signal.reason instanceof Stopped) {
      if (this.#isAsked('abort') || this.#isAsked('kill')) await this.#acknowledge()
      return 'stopped'
    }
    const refusal = await this.#report(outcome.path, outcome.body, OUTCOME_TRIES)
    if (outcome.path === 'fail') return 'failed'
    if (!refusal) return 'completed'
    if (this.signal.aborted) return 'stopped'
    // The result itself was refused, for example because it is too large: say so instead of falling silent.
    await this.#report('fail', { error: { message: refusal.message, kind: 'bad_result' } }, OUTCOME_TRIES)
    return 'failed'
  }

  /** Ends the work from your side, for example when your process is told to stop: the job fails with this error. */
  cancel(error) {
    this.#end(error)
  }

  /** One report after the other: progress when there is some, else a heartbeat, until the work is over and all is told. */
  async #beat(over) {
    for (;;) {
      await this.#idle(REPORT_EVERY_MS, over)
      const patience = this.#isPaused ? LOOK_EVERY_MS : this.#beatEveryMs
      if (!this.#unsent) await this.#idle(patience - REPORT_EVERY_MS, over, (wake) => (this.#wake = wake))
      if (this.signal.aborted || (over.aborted && !this.#unsent)) return
      const progress = this.#unsent
      this.#unsent = undefined
      await this.#report(progress ? 'progress' : 'heartbeat', progress ?? {})
    }
  }

  #idle(ms, over, early = () => {}) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        for (const signal of [over, this.signal]) signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      for (const signal of [over, this.signal]) signal.addEventListener('abort', done)
      early(done)
      if (over.aborted || this.signal.aborted) done()
    })
  }

  /** Sends one report; gives the error when it was refused, nothing when it was taken or could not be told. */
  async #report(path, body, tries = 1) {
    for (let wait = REPORT_EVERY_MS, left = tries; left > 0; left -= 1, wait *= 2) {
      try {
        this.#hear(await this.#send(path, body))
        return undefined
      } catch (error) {
        const isRefused = error.status >= 400 && error.status < 500 && error.status !== 429
        if (isRefused || left === 1) console.error(`${this.id}: ${path}: ${error.message}`)
        // These three mean that the lease is gone: the job ended, or another attempt has it.
        if ([403, 404, 409].includes(error.status)) this.#end(new Stopped(error.message))
        if (isRefused) return error
        if (left > 1) await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  #hear({ wish }) {
    if (!wish || wish.number < this.#wish.number) return
    this.#wish = wish
    if (this.#isAsked('abort') || this.#isAsked('kill')) this.#end(new Stopped(`asked to ${wish.kind}`))
    this.#changed()
  }

  #end(reason) {
    this.#stop.abort(reason)
    this.#changed()
  }

  #isAsked(kind) {
    return this.#wish.kind === kind && this.#wish.number > this.#acknowledged
  }

  async #acknowledge() {
    const { number } = this.#wish
    this.#acknowledged = number
    await this.#report('progress', { acknowledge: number }, OUTCOME_TRIES)
  }
}

module.exports = { track, Stopped }
