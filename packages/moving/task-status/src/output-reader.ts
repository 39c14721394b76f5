/**
 * Reads the records of jobs whose output may be another now: few at a time, one under way for a job, and only while somebody looks.
 * Collaborators: `task-feed` says of which jobs, and is told what was read. It refuses to hand on what was asked for a user who has left.
 */
import { type Client, hasEnded, type Job, type JobSummary, TidingsProblem } from '@tidings/client'

/** Reads under way at the same time. A browser has six connections to an origin over HTTP/1.1: the app needs some of them. */
export const READS_AT_ONCE = 4
/** How long it rests when the server does not answer, or says that it was asked too often, in milliseconds. */
export const REST_MS = 5_000

export class OutputReader {
  /** By job id, the newest revision that was not read yet. What is being read stays here until it was. */
  private wanted = new Map<string, JobSummary>()
  private reading = new Set<string>()
  private isOn = false
  private resting: unknown

  constructor(
    private readonly client: Client,
    private readonly told: (record: Job) => void,
  ) {}

  want(job: JobSummary): void {
    this.wanted.set(job.id, job)
    this.go()
  }

  /** The job is not held any more. */
  forget(id: string): void {
    this.wanted.delete(id)
  }

  /** Nothing is held any more, and what is under way is nobody's. */
  clear(): void {
    this.wanted = new Map()
    this.reading = new Set()
  }

  start(): void {
    this.isOn = true
    this.go()
  }

  /** What waits, waits for the next start. */
  stop(): void {
    this.isOn = false
    this.client.environment.clearTimer(this.resting)
    this.resting = undefined
  }

  private go(): void {
    while (this.isOn && this.resting === undefined && this.reading.size < READS_AT_ONCE) {
      const job = this.next()
      if (!job) return
      void this.read(job)
    }
  }

  private next(): JobSummary | undefined {
    let next: JobSummary | undefined
    for (const job of this.wanted.values())
      if (!this.reading.has(job.id) && (!next || turnOf(job) < turnOf(next))) next = job
    return next
  }

  private async read(asked: JobSummary): Promise<void> {
    const { reading } = this
    reading.add(asked.id)
    const answer = await this.client.get(asked.id).catch((problem: unknown) => ({ problem }))
    reading.delete(asked.id)
    if (reading !== this.reading) return
    try {
      if (this.isOn) this.take(asked, answer)
    } finally {
      this.go()
    }
  }

  private take(asked: JobSummary, answer: Job | { problem: unknown }): void {
    const isRecord = !('problem' in answer)
    if (!isRecord && isPassing(answer.problem)) {
      this.rest()
      return
    }
    const newest = this.wanted.get(asked.id)
    if (!newest) return
    // At the end of the line, if it changed meanwhile: one that changes all the time keeps no other waiting.
    this.wanted.delete(asked.id)
    if (newest.rev > (isRecord ? Math.max(asked.rev, answer.rev) : asked.rev)) this.wanted.set(asked.id, newest)
    if (isRecord) this.told(answer)
  }

  private rest(): void {
    this.resting ??= this.client.environment.setTimer(() => {
      this.resting = undefined
      this.go()
    }, REST_MS)
  }
}

/** What is under way comes first, then what has just ended; what has not begun has hardly anything to say. */
function turnOf({ status, attempt }: JobSummary): number {
  if (hasEnded(status)) return 1
  return attempt > 0 ? 0 : 2
}

/** Another try may do: nobody answered, or not the server. Any other refusal holds until the job changes. */
function isPassing(problem: unknown): boolean {
  const status = problem instanceof TidingsProblem ? problem.status : 0
  return status === 0 || status === 429 || status > 501
}
