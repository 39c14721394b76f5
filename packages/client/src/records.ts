/**
 * The records that the server sends, as TypeScript sees them: camelCase, absent where there is none, times as RFC 3339 text in UTC.
 * Collaborators: everything here. It holds no behaviour beyond the lists of statuses.
 */

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
] as const

/** A status. A newer server may send one that is not listed: treat it as active and show its name. */
export type Status = (typeof STATUSES)[number] | (string & {})

const ENDS: ReadonlySet<string> = new Set(STATUSES.slice(6))

/** Whether a job of this status has reached an end. A status that is not known has not. */
export function hasEnded(status: Status): boolean {
  return ENDS.has(status)
}

export type Mode = 'process' | 'tracked' | 'worker' | 'mirrored'

export type Verb = 'pause' | 'resume' | 'abort' | 'kill' | 'retry' | 'rerun' | 'run-now' | 'answer' | 'delete'

export interface Progress {
  /** 0 to 100. */
  percentage?: number
  current?: number
  total?: number
  message?: string
  ok?: number
  failed?: number
  skipped?: number
  /** Counts the progress of one revision. Absent is below 0. */
  tick?: number
}

export interface Wish {
  kind: 'none' | 'pause' | 'resume' | 'abort' | 'kill'
  number: number
  at?: string
  by?: string
}

export interface JobError {
  /** A stable word for the class of error. */
  kind: string
  message: string
}

export interface Subject {
  type: string
  id: string
}

/** What events, lists and frames carry of a job. */
export interface JobSummary {
  id: string
  task: string
  mode: Mode
  status: Status
  /** Explains the status; never drives logic. */
  reason?: string
  /** Grows by one with each event of the job. */
  rev: number
  /** Ends reached so far, from 1 at the first. */
  settlement?: number
  /** 0 or absent before the first. */
  attempt?: number
  tenant?: string
  owner?: string
  subject?: Subject
  session?: string
  title?: string
  /** Where the app shows the result. */
  link?: string
  tags?: string[]
  /** Tags left out because the summary would have been too long. */
  tagsOmitted?: number
  parentId?: string
  rootId?: string
  batchId?: string
  externalId?: string
  rerunOf?: string
  priority?: number
  progress?: Progress
  wish?: Wish
  pause?: 'cooperative' | 'freeze' | 'none'
  /** What may be asked now. */
  verbs?: Verb[]
  error?: JobError
  createdAt: string
  dueAt?: string
  startedAt?: string
  endedAt?: string
  updatedAt?: string
  /** Running time of the newest attempt up to `updatedAt`, paused time not counted. */
  ranMs?: number
}

/** One job in full. */
export interface Job extends JobSummary {
  input?: unknown
  result?: unknown
  /** The value that `answer` brought. */
  answer?: unknown
  metadata?: unknown
  limits?: Limits
  /** Only in the answer to a tracked submit: the right to report. */
  lease?: { token: string; expiresAt: string }
}

/** The limits and the retry policy of a job, as of its submit. */
export interface Limits {
  timeLimitMs?: number
  abortGraceMs: number
  startWithinMs?: number
  /** In all, the first included. */
  attempts: number
  retryBaseMs: number
  retryMaxMs: number
  retryOnTimeout: boolean
  /** What becomes of it when its holder vanishes. */
  rescue: 'retry' | 'lost'
}

export interface JobList {
  jobs: JobSummary[]
  /** Gives the next page; absent on the last. */
  cursor?: string
  position?: string
}

export interface JobEvent {
  position: string
  kind: string
  status: Status
  reason?: string
  at: string
  by?: string
  rev: number
  /** For `wished`: what was asked. Absent when a wish was fulfilled without another change, and from an older server. */
  wish?: 'pause' | 'resume' | 'abort' | 'kill'
}

export interface Stats {
  byStatus: Record<string, number>
  total: number
  active: number
}

export interface OutputChunk {
  /** `stdout`, `stderr`, or the level of a log line. */
  stream: string
  at: string
  text: string
}

export interface OutputPage {
  attempt: number
  /** Bytes from the start of the attempt's output. */
  offset: number
  /** The offset to go on from. */
  next: number
  ended: boolean
  chunks: OutputChunk[]
  /** Bytes that are no longer kept. */
  gap?: { from: number; to: number }
}

export interface Task {
  name: string
  mode: Mode
  pause?: 'cooperative' | 'freeze' | 'none'
  title?: string
  description?: string
  /** Jobs at once; absent or 0 when there is no limit. */
  concurrency?: number
  running: number
  pending: number
  /** An input that works. */
  example?: unknown
}

export interface Me {
  subject: string
  tenant: string
  scopes: string[]
  /** It sees all jobs of its tenant. */
  tenantWide?: boolean
  /** The server runs without access control: everybody who reaches it is `local`. */
  open?: boolean
}

export interface SubmitRequest {
  task: string
  input?: unknown
  /** The input as JSON text, sent as it is: keeps numbers that JavaScript would round. Wins over `input`. */
  inputText?: string
  mode?: 'tracked'
  owner?: string
  subject?: Subject
  session?: string
  title?: string
  link?: string
  tags?: string[]
  priority?: number
  runAt?: string
  metadata?: Record<string, unknown>
}

export interface ListQuery {
  status?: string
  task?: string
  owner?: string
  session?: string
  tag?: string
  text?: string
  cursor?: string
  limit?: number
}

/** An object with one key: what to follow. */
export type JobsTopic =
  | { job: string }
  | { owner: string }
  | { session: string }
  | { subject: Subject }
  | { task: string }
  | { tag: string }
  | { batch: string }
  | { root: string }
  | { tenant: true }

export type Topic = JobsTopic | { stats: true } | { output: string } | { tasks: true }
