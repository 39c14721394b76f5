/**
 * What a part may ask of the element that it is in.
 * Collaborators: the base element is one; parts draw with it.
 */
import type { Client, JobSummary, Verb } from '@tidings/client'
import type { Texts } from '@tidings/client/words'

export interface Scene {
  readonly client: Client
  readonly words: Texts
  /** Milliseconds since 1970. */
  readonly now: number
  /** What is shown is true now. */
  readonly live: boolean
  /** As of when it is true: `now` while live, else when that ended. Milliseconds since 1970. */
  readonly asOf: number
  /** Verbs that may be offered, the job permitting; undefined for all. */
  readonly offered: ReadonlySet<string> | undefined
  /** Whether it is known that this job goes on without the page. */
  outlivesPage(job: JobSummary): boolean
  /** Asks a verb of a job. A refusal shows at the job. */
  ask(job: JobSummary, verb: Verb): Promise<void>
  /** What was refused at this job, until something else happens to it or the connection is back. */
  refusalOf(job: JobSummary): string | undefined
  /** Somebody follows the link of a job. */
  view(job: JobSummary, link: string, event: Event): void
  /** Draws again soon. */
  schedule(): void
}
