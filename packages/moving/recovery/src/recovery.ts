/**
 * What became of a session's job while nobody looked: resumed, finished, failed. It works without a framework.
 * Collaborators: client (the view of the session's newest job, one claim for all tabs), dismissed. It refuses to tell an end twice in a
 * browser, to tell one that somebody has watched, and to take a job for recovered that began while the page was open.
 */
import type { Client, JobsView, Progress, ShownJob, View } from '@tidings/client'
import { hasEnded } from '@tidings/client'
import { claim } from '@tidings/client/claims'
import { dismissJob, isDismissed } from './dismissed.js'

/** The job of the session, as it is shown. */
export type RecoveredJob = ShownJob

/** What a page shows. The same object until something changes. */
export interface RecoveryState {
  /** The session's newest job, live; undefined while it is not known, when there is none, and once it was dismissed. */
  job: RecoveredJob | undefined
  /**
   * The job ran already when this page was loaded, and runs still. `percent`: how far it was then, 0 to 100; how far it is now stands in
   * `job.progress`.
   */
  resumed: { percent: number } | undefined
  /** It completed while no page of this browser watched. True in one tab and for one visit; a reload does not tell it again. */
  finishedWhileAway: boolean
  /** It ended in any other way while no page of this browser watched, in the same manner. `job.status` and `job.error` say how. */
  failedWhileAway: boolean
}

/** The state, and what a person may do about it. */
export interface Recovery extends RecoveryState {
  /** Says no more of this job, in this browser, also after a reload. The job itself goes on. */
  dismiss(): void
}

/** Before anything was received, and what a server renders. */
export const NOTHING: RecoveryState = {
  job: undefined,
  resumed: undefined,
  finishedWhileAway: false,
  failedWhileAway: false,
}

/** One session of one page. */
export class SessionRecovery {
  readonly view: View<RecoveryState>
  private state = NOTHING
  private readonly listeners = new Set<() => void>()
  private endLooking = () => {}
  private job: ShownJob | undefined
  /** The job that was there when the page was loaded, and how far it was; `id` is undefined when there was none. */
  private found: { id: string | undefined; percent: number } | undefined
  /** The end that this page may tell: `id:settlement`. */
  private ours: string | undefined
  /** The ends that this page has asked for. */
  private readonly asked = new Set<string>()

  /** Nothing is looked up or followed before the first `view.subscribe`. */
  constructor(
    private readonly client: Client,
    private readonly session: string,
  ) {
    this.view = { subscribe: (listener) => this.subscribe(listener), getSnapshot: () => this.state }
  }

  /** It needs no `this`. */
  readonly dismiss = (): void => {
    if (!this.job) return
    dismissJob(this.client, this.job.id)
    this.publish()
  }

  private subscribe(listener: () => void): () => void {
    const own = () => listener()
    this.listeners.add(own)
    if (this.listeners.size === 1) {
      const jobs = this.client.jobs({ session: this.session })
      this.endLooking = jobs.subscribe(() => this.look(jobs.getSnapshot()))
      this.look(jobs.getSnapshot())
    }
    return () => {
      if (this.listeners.delete(own) && this.listeners.size === 0) this.endLooking()
    }
  }

  private look({ jobs: [job], ready }: JobsView): void {
    if (ready) {
      this.found ??= { id: job?.id, percent: percentOf(job?.progress) }
      if (job && isOver(job)) this.hearEnd(job)
    } else {
      // Nobody is signed in, or somebody else: what was found belonged to another.
      this.found = this.ours = undefined
    }
    this.job = job
    this.publish()
  }

  /** Whoever sees an end has it told: one tab as news, when the job had ended before; otherwise nobody, later. */
  private hearEnd(job: ShownJob): void {
    const key = keyOf(job)
    if (this.asked.has(key)) return
    this.asked.add(key)
    const wasAway = this.job?.id !== job.id && this.found?.id === job.id
    if (isDismissed(this.client, job.id)) return
    void claim(this.client, `recovery ${key}`).then((isFirst) => {
      if (!isFirst || !wasAway || !this.found) return
      this.ours = key
      this.publish()
    })
  }

  private publish(): void {
    const state = this.build()
    if (isSame(state, this.state)) return
    this.state = state
    for (const listener of [...this.listeners]) listener()
  }

  private build(): RecoveryState {
    const { job, found } = this
    if (!job || !found || isDismissed(this.client, job.id)) return NOTHING
    const isNews = isOver(job) && this.ours === keyOf(job)
    return {
      job,
      resumed: job.id === found.id && !isOver(job) ? { percent: found.percent } : undefined,
      finishedWhileAway: isNews && job.status === 'completed',
      failedWhileAway: isNews && job.status !== 'completed',
    }
  }
}

/** An end that is only expected, because this page asked for it, is none. */
function isOver(job: ShownJob): boolean {
  return hasEnded(job.status) && job.asking !== 'abort' && job.asking !== 'kill'
}

function percentOf(progress: Progress | undefined): number {
  return Math.floor(progress?.percentage ?? 0)
}

function keyOf({ id, settlement }: ShownJob): string {
  return `${id}:${settlement ?? 1}`
}

function isSame(one: RecoveryState, other: RecoveryState): boolean {
  return (
    one.job === other.job &&
    one.resumed?.percent === other.resumed?.percent &&
    one.finishedWhileAway === other.finishedWhileAway &&
    one.failedWhileAway === other.failedWhileAway
  )
}
