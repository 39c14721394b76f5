/**
 * What the work holds of its job: say how far it is, hear that it should stop or stand still.
 * Collaborators: reporter, which speaks to the server. Nothing here waits for the server, and nothing fails because it is away.
 */
import type { Progress, Stream } from './outbox.js'
import type { Reporter } from './reporter.js'

/** One run of a task, in the hands of the work. */
export class Job {
  private readonly stop = new AbortController()
  private held: (() => void)[] = []

  /** @internal Made by `track`. */
  constructor(
    private readonly reporter: Reporter,
    private readonly outer: AbortSignal | undefined,
  ) {
    reporter.onHeard = () => this.heard()
    if (outer?.aborted) this.stop.abort(outer.reason)
    outer?.addEventListener('abort', this.outerAborted)
  }

  /** The job's id at Tidings; undefined while it runs untracked because the server was away at its start. */
  get id(): string | undefined {
    return this.reporter.seat?.id
  }

  /**
   * Aborted when the work is no longer wanted; hand it to `fetch`, child processes and the like. Its `reason` is `Aborted`,
   * `LeaseLost`, `Interrupted`, or that of the signal that you gave to `track`.
   *
   * @example
   * const page = await fetch(address, { signal: job.signal })
   */
  get signal(): AbortSignal {
    return this.stop.signal
  }

  /**
   * Says how far the work is: a percentage from 0 to 100 with a sentence for people, or any fields of `Progress`. Call it as often
   * as you like; the newest value of each field is sent, every 200 ms at the most.
   *
   * @example
   * job.progress(25, 'reading the orders')
   * job.progress({ current: 3, total: 12, failed: 1 })
   */
  progress(percentage: number, message?: string): void
  progress(progress: Progress): void
  progress(given: number | Progress, message?: string): void {
    this.reporter.progress(
      typeof given === 'number' ? { percentage: given, ...(message !== undefined && { message }) } : given,
    )
  }

  /**
   * Adds lines to the job's output, `info` unless told. At most a megabyte waits while the server is away; above, the oldest is dropped.
   *
   * @example
   * job.log('3 orders have no address', 'warn')
   */
  log(text: string, stream: Stream = 'info'): void {
    this.reporter.output(text.endsWith('\n') ? text : `${text}\n`, stream)
  }

  /**
   * A safe point: resolves at once, or after the resume when somebody asked to pause. Rejects with `signal.reason` when the work is
   * no longer wanted. Put it between two steps; a job without one shows that a pause is asked, and goes on.
   */
  async checkpoint(): Promise<void> {
    this.signal.throwIfAborted()
    while (this.reporter.isHeld) {
      this.reporter.holdStill()
      await new Promise<void>((resolve) => this.held.push(resolve))
      this.signal.throwIfAborted()
    }
  }

  /** @internal The work has ended: lets go of the signal that came from outside. */
  over(): void {
    this.outer?.removeEventListener('abort', this.outerAborted)
  }

  private readonly outerAborted = () => {
    this.stop.abort(this.outer?.reason)
    this.release()
  }

  private heard(): void {
    if (this.reporter.stopped) this.stop.abort(this.reporter.stopped)
    this.release()
  }

  private release(): void {
    const waiting = this.held
    this.held = []
    for (const resolve of waiting) resolve()
  }
}
