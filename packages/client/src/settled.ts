/**
 * Tells of each end that a job of a topic reaches, once in this tab, also of those that were reached while the page was closed.
 * Collaborators: `subscriptions` hands the frames in, from where the mark in `marks` stands. It refuses to tell an end twice, and to look
 * back beyond the first time that this browser asked.
 */
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
  readonly told = new Set<Settled>()
  readonly #key: string
  #arriving: JobSummary[] = []
  /** Nothing was told of this topic before: what has ended already is not news, unless one job is what it is about. */
  #first = false

  readonly topic: JobsTopic
  readonly #marks: Marks

  constructor(topic: JobsTopic, marks: Marks) {
    this.topic = topic
    this.#marks = marks
    this.#key = JSON.stringify(topic)
  }

  cursor(): string | undefined {
    return this.#marks.get(this.#key)?.position || undefined
  }

  reached(position: string): void {
    const mark = this.#marks.get(this.#key)
    if (mark && mark.position !== position) this.#marks.set(this.#key, { ...mark, position })
  }

  join(): void {
    this.#arriving = []
    this.#first = !this.#marks.get(this.#key)
  }

  receive(frame: FollowerFrame): void {
    const mark = this.#marks.get(this.#key) ?? NONE
    if (frame.type === 'snapshot') {
      this.#arriving.push(...frame.jobs)
    } else if (frame.type === 'live') {
      const ended = this.#arriving.filter((job) => hasEnded(job.status) && (job.endedAt ?? '') > mark.at)
      const next = { ...mark, position: frame.position ?? '' }
      this.#arriving = []
      if (this.#first && !('job' in this.topic)) this.#marks.set(this.#key, ended.reduce(noted, next))
      else this.#settle(ended.reverse(), next)
    } else if (frame.type === 'update' && frame.kind === 'settled') {
      this.#settle([frame.job], { ...mark, position: frame.position })
    }
  }

  /** The marks stay: they belong to whoever they were made for. */
  empty(): void {
    this.#arriving = []
  }

  #settle(jobs: readonly JobSummary[], mark: Mark): void {
    const fresh = jobs.filter((job) => !mark.seen.includes(keyOf(job)))
    this.#marks.set(this.#key, fresh.reduce(noted, mark))
    for (const job of fresh) {
      for (const tell of [...this.told]) {
        try {
          tell(job)
        } catch (error) {
          // One who cannot be told must not keep the others from it; the page hears of the fault as of any other.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    }
  }
}

function keyOf({ id, settlement }: JobSummary): string {
  return `${id}:${settlement ?? 1}`
}

function noted(mark: Mark, job: JobSummary): Mark {
  const at = job.endedAt && job.endedAt > mark.at ? job.endedAt : mark.at
  return { ...mark, at, seen: [...mark.seen, keyOf(job)].slice(-SEEN) }
}
