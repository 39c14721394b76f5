/**
 * Turns work that this process does into jobs that everybody can follow.
 * Collaborators: reporter, which speaks for one job; job, which the work holds. What the work returns or throws is what `track` does.
 */
import { type Environment, nodeEnvironment, pass } from './environment.js'
import { Job } from './job.js'
import { type End, Reporter } from './reporter.js'
import { Server, type TokenSource } from './server.js'
import { Interrupted, type Stopped } from './stopped.js'

/** What happens when the server cannot be reached at the start: run the work untracked, or reject without running it. */
export type OnUnreachable = 'run' | 'fail'

/** What the record says of an error; its owner can read both. */
export interface JobError {
  /** A stable word for the class of error. */
  kind: string
  /** A sentence for people. */
  message: string
}

/** Where the server is, and what holds for all jobs of this process. */
export interface TrackerOptions {
  /** Where Tidings listens, for example `http://127.0.0.1:8430`. */
  url: string
  /** An API key with `jobs:submit` and `jobs:report`; left out in open mode. A function is asked before each request. */
  token?: TokenSource
  /** `fail` unless told: `track` rejects with a `TidingsProblem` of code `unreachable`, and the work does not run. */
  onUnreachable?: OnUnreachable
  /** How long a start may wait for the server, in milliseconds; 2,000 unless told. */
  startWithinMs?: number
  /** How long `track` waits until the end is told, in milliseconds; 2,000 unless told. After that it is told in the background. */
  endWithinMs?: number
  /** How long a job may be silent before it is `lost`, in milliseconds: 1,000 to 3,600,000; 30,000 unless told. */
  leaseMs?: number
  /** What the record says of an error of the work; its `kind` or `name`, and its `message`, unless told. */
  describe?: (error: unknown) => JobError
}

/** What one job is. */
export interface TrackOptions<Result = unknown> {
  /** Whose job it is: the id of the signed-in user. Take it from your session, never from the request. */
  owner?: string
  /** The page or wizard that it was started from: any text of yours. A page that returns asks for it. */
  session?: string
  /** What it is about. */
  subject?: { type: string; id: string }
  /** What lists and toasts call it; the task's name unless told. */
  title?: string
  /** Where the app shows the result: an http address, or a path. */
  link?: string
  /** What it was asked to do; at most 1 MB of JSON. Its owner can read it. */
  input?: unknown
  /** At most 50. */
  tags?: string[]
  /** At most 16 KB of JSON. */
  metadata?: unknown
  /** −100 to 100. */
  priority?: number
  parentId?: string
  batchId?: string
  externalId?: string
  /** `none` for work without checkpoints: a pause is then refused instead of asked for ever. `cooperative` unless told. */
  pause?: 'cooperative' | 'none'
  /** Ends the work from your side: the job fails with the signal's reason. */
  signal?: AbortSignal
  /** For this job; see `TrackerOptions`. */
  leaseMs?: number
  /** For this job; see `TrackerOptions`. */
  onUnreachable?: OnUnreachable
  /** What the record keeps of the result, which its owner can read; at most 1 MB of JSON. The result itself unless told. */
  keep?: (result: Result) => unknown
}

/** How a process that ends treats what still runs. */
export interface ShutDownOptions {
  /** What the records and the errors say. `the app was stopped` unless told. */
  reason?: string
  /** How long work may still come to its end by itself, in milliseconds; 0 unless told. */
  finishMs?: number
  /** How long work has to stop once its signal was aborted, in milliseconds; 1,000 unless told. */
  stopMs?: number
}

/** Makes jobs of this process's own work; one for the whole process. Made by `tracker`. */
export class Tracker {
  private readonly server: Server
  private readonly reporters = new Set<Reporter>()
  /** Why the process ends; undefined while it does not. */
  private closing: string | undefined

  /** @internal */
  constructor(
    private readonly options: TrackerOptions,
    private readonly environment: Environment,
  ) {
    this.server = new Server(options.url, options.token, environment)
  }

  /** How many jobs run, or wait to have their end told. */
  get running(): number {
    return this.reporters.size
  }

  /**
   * Runs `work` as a job of this task, and resolves or rejects as `work` does. The task need not be declared.
   *
   * Rejects with a `Stopped` (`Aborted`, `LeaseLost`, `Interrupted`) when the work ended because it was stopped; what it threw is
   * the `cause`. Rejects with a `TidingsProblem`, without running the work, when the server refuses the job, or cannot be reached
   * and `onUnreachable` is `fail`.
   *
   * Nothing here depends on the request that called it: when the browser leaves, the work and its record go on.
   *
   * @example
   * const report = await tidings.track('report', { owner: user.id, session: request.body.session }, async (job) => {
   *   for (const [index, order] of orders.entries()) {
   *     await job.checkpoint()
   *     await add(order)
   *     job.progress((100 * (index + 1)) / orders.length, order.name)
   *   }
   *   return { rows: orders.length }
   * })
   */
  async track<Result>(
    task: string,
    options: TrackOptions<Result>,
    work: (job: Job) => Result | Promise<Result>,
  ): Promise<Result> {
    const { signal, keep, onUnreachable = this.options.onUnreachable ?? 'fail', ...said } = options
    if (this.closing !== undefined) throw new Interrupted(this.closing)
    const leaseMs = said.leaseMs ?? this.options.leaseMs
    const request = JSON.stringify({ ...said, task, mode: 'tracked', leaseMs })
    const reporter = new Reporter(this.server, this.environment, request, task, leaseMs)
    await reporter.begin(this.options.startWithinMs ?? 2_000, onUnreachable)
    this.reporters.add(reporter)
    reporter.told.then(() => this.reporters.delete(reporter))
    reporter.keep()
    const job = new Job(reporter, signal)
    if (this.closing !== undefined) reporter.stop(new Interrupted(this.closing))
    let result: Result
    try {
      result = await work(job)
    } catch (error) {
      await this.tell(reporter, this.ended(reporter.stopped, error))
      throw reporter.stopped ? causedBy(reporter.stopped, error) : error
    } finally {
      job.over()
    }
    await this.tell(reporter, { kind: 'completed', result: () => (keep ? keep(result) : result) })
    return result
  }

  /**
   * For a process that ends: work may finish for `finishMs`, then its signals are aborted with `Interrupted`, and after `stopMs` what
   * still runs is told as failed. Resolves when all is told, or `endWithinMs` later. From the call on `track` rejects.
   *
   * @example
   * process.once('SIGTERM', async () => {
   *   server.close()
   *   await tidings.shutDown({ reason: 'the app was restarted', finishMs: 5_000 })
   *   process.exit(0)
   * })
   */
  async shutDown(options: ShutDownOptions = {}): Promise<void> {
    const { reason = 'the app was stopped', finishMs = 0, stopMs = 1_000 } = options
    this.closing = reason
    await this.settled(finishMs)
    for (const reporter of this.reporters) reporter.stop(new Interrupted(reason))
    await this.settled(stopMs)
    const error = { kind: 'interrupted', message: reason }
    for (const reporter of this.reporters) reporter.finish({ kind: 'failed', error })
    await this.settled(this.options.endWithinMs ?? 2_000)
  }

  /** Waits until nothing runs, or for so long. */
  private async settled(withinMs: number): Promise<void> {
    if (this.reporters.size === 0 || withinMs <= 0) return
    const all = new AbortController()
    Promise.all([...this.reporters].map(({ told }) => told)).then(() => all.abort())
    await pass(this.environment, withinMs, all.signal)
  }

  private async tell(reporter: Reporter, end: End): Promise<void> {
    const told = new AbortController()
    reporter.told.then(() => told.abort())
    reporter.finish(end)
    await pass(this.environment, this.options.endWithinMs ?? 2_000, told.signal)
  }

  private ended(stopped: Stopped | undefined, error: unknown): End {
    if (stopped instanceof Interrupted)
      return { kind: 'failed', error: { kind: stopped.kind, message: stopped.message } }
    const isOurs = error === stopped || (error as { name?: unknown } | undefined)?.name === 'AbortError'
    if (stopped && isOurs) return { kind: 'stopped' }
    return { kind: 'failed', error: (this.options.describe ?? describe)(error) }
  }
}

/**
 * The tracker of this process.
 *
 * @example
 * const tidings = tracker({ url: 'http://127.0.0.1:8430', token: process.env.TIDINGS_TOKEN })
 */
export function tracker(options: TrackerOptions, environment: Partial<Environment> = {}): Tracker {
  return new Tracker(options, { ...nodeEnvironment(), ...environment })
}

/** What `track` rejects with when the work was stopped: why, and under it what the work threw. */
function causedBy(stopped: Stopped, error: unknown): Stopped {
  if (error !== stopped) stopped.cause ??= error
  return stopped
}

function describe(error: unknown): JobError {
  if (!(error instanceof Error)) return { kind: 'error', message: String(error) }
  const { kind } = error as { kind?: unknown }
  return { kind: typeof kind === 'string' ? kind : error.name, message: error.message || error.name }
}
