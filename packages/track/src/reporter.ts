/**
 * Keeps one job: gets it from the server, says what is new, beats when there is nothing to say, hears what is asked, tells the end.
 * Collaborators: server, outbox; job and tracker, which say and listen. One request at a time, so that what is heard is always newer.
 * Refuses to stop work because the server is away: it tries again for as long as it takes.
 */
import type { Environment } from './environment.js'
import { Outbox, type Progress, type Word } from './outbox.js'
import { TidingsProblem } from './problem.js'
import type { ReportAnswer, Seat, Server, Wish } from './server.js'
import { Aborted, LeaseLost, type Stopped } from './stopped.js'

/** Length of a lease when none was asked for, in milliseconds: the server's own. */
const LEASE_MS = 30_000
/** Shortest time between two reports of progress or output, in milliseconds. */
const REPORT_EVERY_MS = 200
/** Longest time between two words, in milliseconds: an abort that is not acknowledged within 10 s ends the job unconfirmed. */
const BEAT_AT_LEAST_EVERY_MS = 3_000
/** How often held work looks for its resume, in milliseconds. */
const LOOK_EVERY_MS = 1_000
/** The longest wait between two tries, in milliseconds; it doubles from `REPORT_EVERY_MS`. */
const RETRY_AT_MOST_MS = 10_000
/** How long the end is said again while the server is away, in milliseconds. */
const TELL_FOR_MS = 15 * 60_000

/** How the work ended. `stopped`: because it was asked to. `result` gives what the record keeps. */
export type End =
  | { kind: 'completed'; result: () => unknown }
  | { kind: 'failed'; error: { kind: string; message: string } }
  | { kind: 'stopped' }

export class Reporter {
  /** The job; undefined until the server made it. */
  seat: Seat | undefined
  /** Why the work has to stop; undefined while it may go on. */
  stopped: Stopped | undefined
  /** Called when the work has to stop, or something else is asked of it. */
  onHeard = () => {}
  /** Resolves when the end was told, or never will be. */
  readonly told: Promise<void>

  private readonly outbox = new Outbox()
  private readonly key: string
  private readonly beatEveryMs: number
  private status = 'running'
  private wish: Wish = { kind: 'none', number: 0 }
  private acknowledged = 0
  private end: End | undefined
  private endedAt = 0
  private failures = 0
  private retryAfterMs = 0
  private lastAt: number
  private isAway = false
  private isSilent = false
  private wake = () => {}
  private resolveTold = () => {}

  /** `request`: the submit as JSON. */
  constructor(
    private readonly server: Server,
    private readonly environment: Environment,
    private readonly request: string,
    private readonly name: string,
    leaseMs = LEASE_MS,
  ) {
    this.key = environment.uniqueKey()
    this.beatEveryMs = Math.min(BEAT_AT_LEAST_EVERY_MS, leaseMs / 3)
    this.lastAt = environment.now()
    this.told = new Promise((resolve) => {
      this.resolveTold = resolve
    })
  }

  /** Whether the work should stand still. */
  get isHeld(): boolean {
    return this.wish.kind === 'pause' || this.status === 'paused'
  }

  /**
   * Gets the job from the server; tries again until `withinMs` is over. Throws a `TidingsProblem`, unless the server is only away
   * and the work may begin without it: then `keep` goes on trying, under the same key.
   */
  async begin(withinMs: number, onUnreachable: 'run' | 'fail'): Promise<void> {
    const until = this.environment.now() + withinMs
    for (;;) {
      try {
        this.seat = await this.server.submit(this.request, this.key)
        this.failures = 0
        this.lastAt = this.environment.now()
        return
      } catch (error) {
        const problem = problemIn(error)
        if (!problem.isPassing) throw problem
        this.countFailure(problem)
        this.lastAt = this.environment.now()
        const waitMs = this.patienceMs()
        if (this.lastAt + waitMs < until) await this.pass(waitMs)
        else if (onUnreachable === 'fail') throw problem
        else return this.complain(problem, 'the work runs untracked until it answers')
      }
    }
  }

  /** Speaks for the job until its end is told. Never throws. */
  async keep(): Promise<void> {
    while (!this.isSilent) {
      const dueMs = this.lastAt + this.patienceMs() - this.environment.now()
      if (dueMs > 0) await this.pass(dueMs)
      else if (this.end && this.environment.now() - this.endedAt > TELL_FOR_MS)
        this.fallSilent('Tidings was away for too long')
      else await this.speak()
    }
    this.resolveTold()
  }

  progress(progress: Progress): void {
    this.outbox.addProgress(progress)
    this.wake()
  }

  output(...[text, stream]: Parameters<Outbox['addOutput']>): void {
    this.outbox.addOutput(text, stream)
    this.wake()
  }

  /** The work stands at a safe point: a pause that was asked is now a fact. */
  holdStill(): void {
    if (this.wish.kind === 'pause') this.acknowledge()
  }

  /** The work has ended; the first end counts. */
  finish(end: End): void {
    if (this.end) return
    this.end = end
    this.endedAt = this.environment.now()
    this.wake()
  }

  stop(stopped: Stopped): void {
    if (this.stopped) return
    this.stopped = stopped
    this.onHeard()
  }

  /** How long after the last word the next is due. */
  private patienceMs(): number {
    if (this.failures > 0) {
      const backOffMs = Math.min(RETRY_AT_MOST_MS, REPORT_EVERY_MS * 2 ** (this.failures - 1))
      return Math.max(this.retryAfterMs, backOffMs * (0.75 + this.environment.random() / 2))
    }
    if (this.end || !this.seat || this.outbox.isUrgent) return 0
    if (!this.outbox.isEmpty) return REPORT_EVERY_MS
    return this.isHeld ? Math.min(LOOK_EVERY_MS, this.beatEveryMs) : this.beatEveryMs
  }

  private async speak(): Promise<void> {
    const { seat } = this
    const word = seat && (this.outbox.hasOutput || !this.end) ? this.outbox.take() : undefined
    try {
      if (!seat) this.seat = await this.server.submit(this.request, this.key)
      else if (word) this.hear(await this.server.report(seat, word.verb, JSON.stringify(word.body)))
      else if (this.end) await this.tell(seat, this.end)
      else this.hear(await this.server.report(seat, 'heartbeat', '{}'))
      this.succeeded()
    } catch (error) {
      this.failed(problemIn(error), word)
    }
    this.lastAt = this.environment.now()
  }

  private async tell(seat: Seat, end: End): Promise<void> {
    const progress = this.outbox.takeProgress()
    try {
      if (end.kind === 'completed') await this.complete(seat, end.result, progress)
      else if (end.kind === 'failed')
        await this.server.report(seat, 'fail', JSON.stringify({ error: end.error, progress }))
      else await this.server.report(seat, 'progress', JSON.stringify({ ...progress, acknowledge: this.wish.number }))
    } catch (error) {
      if (progress) this.outbox.putBack({ verb: 'progress', body: progress })
      throw error
    }
    this.isSilent = true
  }

  /** A result that cannot be kept does not undo the work: the job completes without it, and its output says why. */
  private async complete(seat: Seat, result: () => unknown, progress: Progress | undefined): Promise<void> {
    let why: string
    try {
      await this.server.report(seat, 'complete', JSON.stringify({ result: result() ?? null, progress }))
      return
    } catch (error) {
      if (error instanceof TidingsProblem && ![400, 413, 422].includes(error.status)) throw error
      why = error instanceof Error ? error.message : String(error)
    }
    this.say(`its result cannot be kept: ${why}`)
    const text = `The result was not kept: ${why}\n`
    await this.server.report(seat, 'output', JSON.stringify({ chunks: [{ stream: 'warn', text }] }))
    await this.server.report(seat, 'complete', JSON.stringify({ progress }))
  }

  private hear({ status, wish }: ReportAnswer): void {
    const isNews = status !== this.status || wish.number !== this.wish.number || wish.kind !== this.wish.kind
    this.status = status
    this.wish = wish
    if (wish.kind === 'resume') this.acknowledge()
    if (wish.kind === 'abort' || wish.kind === 'kill') this.stop(new Aborted(wish.kind, wish.by))
    if (isNews) this.onHeard()
  }

  private acknowledge(): void {
    if (this.acknowledged === this.wish.number) return
    this.acknowledged = this.wish.number
    this.outbox.addAcknowledgement(this.wish.number)
    this.wake()
  }

  private succeeded(): void {
    if (this.isAway) this.say('Tidings answers again')
    this.isAway = false
    this.failures = 0
  }

  private failed(problem: TidingsProblem, word: Word | undefined): void {
    const isRefused = !problem.isPassing && problem.status !== 401 && problem.status !== 403
    if (!isRefused || !this.seat) {
      if (word) this.outbox.putBack(word)
      this.complain(problem, 'the work goes on')
      this.countFailure(problem)
      // A job that was never made and is refused now stays untracked.
      if (isRefused) this.fallSilent(problem.message)
    } else if (problem.status === 404 || problem.status === 409) {
      const isAborted = problem.jobStatus === 'aborted' && this.wish.kind === 'none'
      this.stop(isAborted ? new Aborted('abort', 'somebody') : new LeaseLost(problem.message))
      this.fallSilent(problem.message)
    } else {
      this.say(`a report was refused: ${problem.message}`)
      if (!word && this.end) this.fallSilent(problem.message)
    }
  }

  private countFailure(problem: TidingsProblem): void {
    this.failures += 1
    this.retryAfterMs = problem.retryAfterMs ?? 0
  }

  /** Once for each time that the server is away. */
  private complain(problem: TidingsProblem, what: string): void {
    if (!this.isAway) this.say(`${problem.message}; ${what}`)
    this.isAway = true
  }

  /** Nothing more can be told. */
  private fallSilent(why: string): void {
    this.isSilent = true
    if (this.end?.kind === 'completed') this.say(`the work is done, but its record cannot say so: ${why}`)
  }

  private say(words: string): void {
    this.environment.warn(`tidings: ${this.seat?.id ?? this.name}: ${words}`)
  }

  /** Resolves after this time, or when there is something new to say. */
  private pass(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.environment.clearTimer(timer)
        this.wake = () => {}
        resolve()
      }
      const timer = this.environment.setTimer(this.wake, milliseconds)
    })
  }
}

function problemIn(error: unknown): TidingsProblem {
  if (error instanceof TidingsProblem) return error
  return new TidingsProblem({ code: 'unreachable', status: 0, message: String(error), cause: error })
}
