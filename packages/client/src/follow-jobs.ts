/**
 * The jobs of one topic, kept by the three rules of the protocol: higher `rev` replaces, progress only on exactly that `rev` with a
 * higher `tick`, a join that was not resumed replaces everything.
 * Collaborators: `subscriptions` hands the frames in, `expectations` lays what was just asked over what is held, `Changing` shows the
 * outcome. It refuses to merge.
 */
import { type Changes, Changing } from './changes.js'
import type { Expectations, ShownJob } from './expectations.js'
import type { FollowerFrame, LeftFrame, ProgressFrame } from './frames.js'
import { hasEnded, type JobSummary, type JobsTopic } from './records.js'
import type { Follower } from './subscriptions.js'

/** Ended jobs held for a topic; older ones are asked of REST. */
export const ENDED_KEPT = 500
/** How many more may gather before the oldest are let go. */
const ENDED_SLACK = 100

export interface JobsView {
  /** Newest first. */
  jobs: readonly ShownJob[]
  /** The whole state was received at least once. */
  ready: boolean
  /** There are more ended jobs than these. */
  truncated: boolean
  /** The topic was refused. */
  error?: { code: string; message: string }
}

/** The part of a topic's state that its position belongs to. */
export interface KeptJobs {
  jobs: JobSummary[]
  truncated: boolean
}

type Jobs = Map<string, JobSummary>

function newestFirst(one: JobSummary, other: JobSummary): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? 1 : -1
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0
}

function put(jobs: Jobs, job: JobSummary): void {
  const held = jobs.get(job.id)
  if (!held || job.rev > held.rev) jobs.set(job.id, job)
}

function takeOut(jobs: Jobs, frame: LeftFrame): void {
  const held = jobs.get(frame.id)
  if (held && frame.rev >= held.rev) jobs.delete(frame.id)
}

function putProgress(jobs: Jobs, frame: ProgressFrame): void {
  const held = jobs.get(frame.id)
  if (held?.rev !== frame.rev || frame.tick <= (held.progress?.tick ?? -1)) return
  jobs.set(frame.id, { ...held, progress: { ...frame.progress, tick: frame.tick } })
}

export class JobsFollower implements Follower {
  readonly view: Changing<JobsView>
  #held: Jobs = new Map()
  /** State that is being sent; takes the place of `held` when the join ends without having resumed. */
  #arriving: Jobs | undefined
  /** The last page of `arriving` was received. */
  #complete = false
  #resuming = false
  #ready = false
  #truncated = false
  #error: JobsView['error']

  readonly topic: JobsTopic
  readonly #expectations: Expectations

  constructor(topic: JobsTopic, changes: Changes, expectations: Expectations) {
    this.topic = topic
    this.#expectations = expectations
    this.view = new Changing(changes, () => this.#build())
  }

  join(resuming: boolean): void {
    this.#resuming = resuming
    this.#arriving = new Map()
    this.#complete = false
  }

  receive(frame: FollowerFrame): void {
    switch (frame.type) {
      case 'snapshot':
        if (!this.#arriving || this.#complete) this.join(this.#resuming)
        for (const job of frame.jobs) put(this.#arriving as Jobs, job)
        this.#complete = !frame.more
        return
      case 'live':
        if (!frame.resumed && this.#arriving) {
          this.#held = this.#arriving
          this.#truncated = frame.truncated ?? false
        }
        this.#arriving = undefined
        this.#ready = true
        this.#error = undefined
        break
      case 'update':
        this.#each((jobs) => put(jobs, frame.job))
        break
      case 'left':
        this.#each((jobs) => takeOut(jobs, frame))
        break
      case 'progress':
        this.#each((jobs) => putProgress(jobs, frame))
        break
      case 'error':
        // Not followed any more: what is held would never change again.
        this.empty()
        this.#error = { code: frame.code, message: frame.message }
        break
    }
    this.view.touch()
  }

  empty(): void {
    this.#held = new Map()
    this.#arriving = undefined
    this.#ready = false
    this.#truncated = false
    this.#error = undefined
    this.view.touch()
  }

  /** What a request answered of a job, if it is held. */
  answered(job: JobSummary): void {
    for (const jobs of [this.#held, this.#arriving]) if (jobs?.has(job.id)) put(jobs, job)
    this.view.touch()
  }

  /** A request deleted a job. */
  removed(id: string): void {
    for (const jobs of [this.#held, this.#arriving]) jobs?.delete(id)
    this.view.touch()
  }

  /** State to keep over a reload; undefined while there is none. */
  kept(): KeptJobs | undefined {
    return this.#ready ? { jobs: [...this.#held.values()], truncated: this.#truncated } : undefined
  }

  /** State that was kept, together with its position. */
  restore({ jobs, truncated }: KeptJobs): void {
    this.#held = new Map(jobs.map((job) => [job.id, job]))
    this.#truncated = truncated
    this.#ready = true
    this.view.touch()
  }

  /** While joining, a frame belongs to what arrives, and to what is held only if that may still be gone on from. */
  #each(apply: (jobs: Jobs) => void): void {
    if (this.#arriving) apply(this.#arriving)
    if (!this.#arriving || this.#resuming) apply(this.#held)
  }

  #build(): JobsView {
    let jobs = [...this.#held.values()].sort(newestFirst)
    let ended = 0
    for (const job of jobs) if (hasEnded(job.status)) ended++
    if (ended > ENDED_KEPT + ENDED_SLACK) {
      let kept = 0
      jobs = jobs.filter((job) => !hasEnded(job.status) || ++kept <= ENDED_KEPT)
      this.#held = new Map(jobs.map((job) => [job.id, job]))
      this.#truncated = true
    }
    const shown = jobs.map((job) => this.#expectations.show(job)).filter((job) => job !== undefined)
    return { jobs: shown, ready: this.#ready, truncated: this.#truncated, ...(this.#error && { error: this.#error }) }
  }
}
