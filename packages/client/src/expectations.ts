/**
 * What a verb of this page is expected to bring, shown until the server has answered: taken back when it refuses, replaced by what it says.
 * Collaborators: `client` sets and takes back, the views of jobs show. It changes no job that is held.
 */
import type { JobSummary, Verb } from './records.js'

/** A job as a view shows it. */
export interface ShownJob extends JobSummary {
  /** What this page asked of it and has no answer to yet. The rest of the job is what is expected to come. */
  asking?: Verb
}

interface Expected {
  verb: Verb
  held: JobSummary
  shown: ShownJob | undefined
}

export class Expectations {
  readonly #all = new Map<string, Expected>()

  /** Returns what takes it back. */
  expect(id: string, verb: Verb): () => void {
    const expected = { verb } as Expected
    this.#all.set(id, expected)
    return () => {
      if (this.#all.get(id) === expected) this.#all.delete(id)
    }
  }

  clear(): void {
    this.#all.clear()
  }

  /** The job as it is shown; undefined when it is expected to be gone. The same object for the same job. */
  show(job: JobSummary): ShownJob | undefined {
    const expected = this.#all.get(job.id)
    if (!expected) return job
    if (expected.held !== job) {
      // A newer revision is an answer: what it says holds.
      if (expected.held && job.rev > expected.held.rev) {
        this.#all.delete(job.id)
        return job
      }
      expected.held = job
      expected.shown = shownAs(job, expected.verb)
    }
    return expected.shown
  }
}

function shownAs(job: JobSummary, verb: Verb): ShownJob | undefined {
  if (verb === 'delete') return undefined
  const shown: ShownJob = { ...job, asking: verb }
  const beforeStart = ['scheduled', 'pending', 'retrying'].includes(job.status) || job.reason === 'before_start'
  if (verb === 'run-now' || verb === 'retry') shown.status = 'pending'
  else if (verb === 'pause' && beforeStart) shown.status = 'paused'
  else if ((verb === 'abort' || verb === 'kill') && (beforeStart || job.status === 'waiting')) shown.status = 'aborted'
  else if (verb !== 'rerun' && verb !== 'answer') shown.wish = { kind: verb, number: (job.wish?.number ?? 0) + 1 }
  return shown
}
