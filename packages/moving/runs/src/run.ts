/**
 * A job as a run: the fields and the words that pages of background runs know.
 * Collaborators: everything here shows runs. The one table of statuses stands here.
 */
import type { JobError, KnownStatus, ShownJob, Status } from '@tidings/client'

/** The words for where a run stands. */
export type RunStatus =
  | 'DELAYED'
  | 'QUEUED'
  | 'EXECUTING'
  | 'FROZEN'
  | 'REATTEMPTING'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELED'
  | 'TIMED_OUT'
  | 'CRASHED'

/** The word for each status of a job. */
export const RUN_STATUSES: Readonly<Record<KnownStatus, RunStatus>> = {
  scheduled: 'DELAYED',
  pending: 'QUEUED',
  running: 'EXECUTING',
  paused: 'FROZEN',
  waiting: 'FROZEN',
  retrying: 'REATTEMPTING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  aborted: 'CANCELED',
  timed_out: 'TIMED_OUT',
  lost: 'CRASHED',
}

/** The words of a run that has not ended; also those that only other engines use. */
export const ACTIVE_STATUSES: readonly string[] = [
  'EXECUTING',
  'QUEUED',
  'WAITING_FOR_DEPLOY',
  'REATTEMPTING',
  'FROZEN',
  'PENDING_VERSION',
  'DELAYED',
]

/** A status that a newer server sends counts as active: `EXECUTING`. */
export function runStatusOf(status: Status): RunStatus {
  return (RUN_STATUSES as Readonly<Record<string, RunStatus>>)[status] ?? 'EXECUTING'
}

/** One run of a background task. */
export interface TriggerRun {
  /** The id that the app knows it by: its name in the engine that runs it, else that of the job. */
  id: string
  /** The task, for example `generate-report`. */
  taskIdentifier: string
  status: RunStatus
  /** RFC 3339; of a run that has not started yet, when it was made. */
  startedAt: string
  /** RFC 3339; absent until it has ended. */
  finishedAt?: string
  /** What the task answered. Only the run that `onTaskCompleted` is given has it: lists do not carry results. */
  output?: unknown
  /** Why it failed. */
  error?: JobError
  tags: readonly string[]
  isTest: false
  /** The whole record: its title and link, its progress, the `verbs` that may be asked now. */
  job: ShownJob
}

const known = new WeakMap<ShownJob, TriggerRun>()

/** The same object for the same job, so that what shows it is drawn only when it changes. */
export function runOf(job: ShownJob): TriggerRun {
  let run = known.get(job)
  if (!run) {
    run = {
      id: job.externalId ?? job.id,
      taskIdentifier: job.task,
      status: runStatusOf(job.status),
      startedAt: job.startedAt ?? job.createdAt,
      ...(job.endedAt && { finishedAt: job.endedAt }),
      ...(job.error && { error: job.error }),
      tags: job.tags ?? [],
      isTest: false,
      job,
    }
    known.set(job, run)
  }
  return run
}

/** Whether it has not ended. */
export function isActive(run: TriggerRun): boolean {
  return ACTIVE_STATUSES.includes(run.status)
}
