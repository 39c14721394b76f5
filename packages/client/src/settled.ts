/**
 * Tells of each end that a job of a topic reaches, once in this tab, also of those that were reached while the page was closed.
 * Collaborators: `subscriptions` hands the frames in, from where the mark in `marks` stands. It refuses to tell an end twice, and to look
 * back beyond the first time that this browser asked.
 */
import { safely } from './changes.js'
import type { FollowerFrame } from './frames.js'
import type { Mark, Marks } from './marks.js'
import { hasEnded, type JobSummary, type JobsTopic } from './records.js'
import type { Follower } from './subscriptions.js'

/** Is called with the job as of its end. */
export type Settled = (job: JobSummary) => void

/** Ends remembered beside the position, for when they come again. */
const SEEN = 50
const NONE: Mark = { position: '', at: '', seen: [] }

export class SettledFollower implements Follower {
  readonly #told = new Set<Settled>()
  #untold: JobSummary[] = []
  readonly #key: string
  #arriving: JobSummary[] = []
  /** Nothing was told of this topic before: what has ended already is not news, unless one job is what it is about. */
  #isFirst = false

  readonly topic: JobsTopic
  readonly #marks: Marks

  constructor(topic: JobsTopic, marks: Marks) {
    this.topic = topic
    this.#marks = marks
    this.#key = JSON.stringify(topic)
  }

  get #mark(): Mark | undefined {
    return this.#marks.get(this.#key)
  }

  cursor(): string | undefined {
    return this.#mark?.position || undefined
  }

  reached(position: string): void {
    const mark = this.#mark
    if (mark && !this.#untold.length && mark.position !== position) this.#marks.set(this.#key, { ...mark, position })
  }

  join(): void {
    this.#arriving = []
    this.#isFirst = !this.#mark && !('job' in this.topic)
  }

  receive(frame: FollowerFrame): void {
    const mark = this.#mark ?? NONE
    if (frame.type === 'snapshot') {
      this.#arriving.push(...frame.jobs)
    } else if (frame.type === 'live') {
      this.#arrived({ ...mark, position: frame.position ?? '' })
      this.#isFirst = false
    } else if (frame.type === 'update' && frame.kind === 'settled') {
      // Before the topic is live the first time, it catches up a state that the server had at hand: not news either.
      if (this.#isFirst) this.#arriving.push(frame.job)
      else {
        this.#arrived(mark)
        this.#settle([frame.job], { ...(this.#mark ?? NONE), position: frame.position })
      }
    }
  }

  #arrived(mark: Mark): void {
    const ended = this.#arriving.filter((job) => hasEnded(job.status) && (job.endedAt ?? '') > mark.at)
    this.#arriving = []
    if (this.#isFirst) this.#marks.set(this.#key, ended.reduce(noted, mark))
    else this.#settle(ended.reverse(), mark)
  }

  /** The marks stay: they belong to whoever they were made for. */
  empty(): void {
    this.#arriving = []
    this.#untold = []
  }

  /** Returns what ends it. */
  listen(told: Settled): () => void {
    const own: Settled = (job) => told(job)
    this.#told.add(own)
    const mark = this.#mark
    if (mark && this.#untold.length) queueMicrotask(() => this.#settle(this.#untold.splice(0), mark))
    return () => {
      this.#told.delete(own)
    }
  }

  #settle(jobs: readonly JobSummary[], mark: Mark): void {
    if (!this.#told.size) {
      // Between two pages of an app: what is not told does not count as told.
      this.#untold.push(...jobs)
      return
    }
    let next = mark
    const fresh: JobSummary[] = []
    for (const job of jobs) {
      if (next.seen.includes(keyOf(job))) continue
      next = noted(next, job)
      fresh.push(job)
    }
    this.#marks.set(this.#key, next)
    for (const job of fresh) for (const tell of [...this.#told]) safely(() => tell(job))
  }
}

function keyOf({ id, settlement }: JobSummary): string {
  return `${id}:${settlement ?? 1}`
}

function noted(mark: Mark, job: JobSummary): Mark {
  const at = job.endedAt && job.endedAt > mark.at ? job.endedAt : mark.at
  return { ...mark, at, seen: [...mark.seen, keyOf(job)].slice(-SEEN) }
}
