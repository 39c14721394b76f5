/**
 * The records that the server sends, by the names that apps use. A field without a value is left out; times are RFC 3339 text in UTC.
 * Collaborators: generated/openapi, which the API document is written into, and everything here. It holds no shape of its own, and no
 * behaviour beyond the lists of statuses.
 */
import type { components, operations } from './generated/openapi.js'

type Schemas = components['schemas']

/** A status. A newer server may send one that is not listed: treat it as active and show its name. */
export type Status = Schemas['Status']

/** The statuses that are listed: those this version knows by name. */
export type KnownStatus<Word = Status> = Word extends string ? (string extends Word ? never : Word) : never

/** Every known status, in the order of a job's life; the last five are the ends. */
export const STATUSES = [
  'scheduled',
  'pending',
  'running',
  'paused',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'aborted',
  'timed_out',
  'lost',
] as const satisfies readonly KnownStatus[]

const ENDS: ReadonlySet<string> = new Set(STATUSES.slice(6))

/** Whether a job of this status has reached an end. A status that is not known has not. */
export function hasEnded(status: Status): boolean {
  return ENDS.has(status)
}

/** Who does the work. */
export type Mode = Schemas['Mode']

/** What may be asked of a job. */
export type Verb = Schemas['Verb']

/** How a running attempt is paused. */
export type Pause = Schemas['Pause']

/** How far the work is. */
export type Progress = Schemas['Progress']

/** What somebody asked of the running attempt. */
export type Wish = Schemas['Wish']

/** Why a job failed: `kind` is a stable word for the class of error, `message` a sentence for people. */
export type JobError = Schemas['JobError']

/** What a job is about. */
export type Subject = Schemas['Subject']

/** What events, lists and frames carry of a job. */
export type JobSummary = Schemas['JobSummary']

/** One job in full. `lease` is only in the answer to a tracked submit: the right to report. */
export type Job = Schemas['JobRecord']

/** The limits and the retry policy of a job, as of its submit; lengths of time in milliseconds. */
export type Limits = Schemas['Limits']

/** A page of jobs, newest first; without `cursor` it is the last. */
export type JobList = Schemas['JobPage']

/** One entry of a job's history. */
export type JobEvent = Schemas['EventRecord']

/** Counts by status. */
export type Stats = Schemas['Stats']

/** A piece of a job's output. */
export type OutputChunk = Schemas['OutputChunk']

/** Bytes of output that are no longer kept. */
export type OutputGap = Schemas['OutputGap']

/** A range of a job's output, in bytes from the start of the attempt's. */
export type OutputPage = Schemas['OutputRange']

/** A task that can be started. */
export type Task = Schemas['TaskRecord']

/** Who asks, as the server sees it. */
export type Me = Schemas['Me']

/** A job to be made. */
export type SubmitRequest = Schemas['Submit']

/** Which jobs a list shows. */
export type ListQuery = NonNullable<operations['listJobs']['parameters']['query']>

/** What can be followed: an object with one key. */
export type Topic = Schemas['Topic']

/** A topic that holds jobs. */
export type JobsTopic = Exclude<Topic, { stats: true } | { output: string } | { tasks: true }>
