/**
 * What may be asked of jobs, as functions that a row of an app can take as they are, and what a list says beside its jobs.
 * Collaborators: client. Every binding's `useJobs` and `useJob` is made of it. It decides nothing: `job.verbs` says what is allowed now.
 */
import type { Client } from './client.js'
import type { ShownJob } from './expectations.js'
import type { JobSummary, JobsTopic, Subject, Verb } from './records.js'
import { isOver } from './task-state.js'

/** Answers the job as of now, with its wish when the verb was only asked; undefined after `remove`. */
export type Asked = Promise<JobSummary | undefined>

/**
 * They need no `this`. What is expected shows at once; when the server refuses, it is taken back and the promise rejects with a
 * `TidingsProblem` whose `message` says why.
 */
export interface JobActions {
  pause(id: string): Asked
  resume(id: string): Asked
  abort(id: string): Asked
  /** Ends it without waiting for it to clean up. */
  kill(id: string): Asked
  /** The same job once more, after an end without success. */
  retry(id: string): Asked
  /** A new job with the same input; answers that one. */
  rerun(id: string): Asked
  /** Starts a scheduled or retrying job now. */
  runNow(id: string): Asked
  /** Deletes a job that has ended. */
  remove(id: string): Asked
  /** Connects at once if there is no connection. Harmless at any time: what is shown is live by itself. */
  refresh(): void
}

/** The same for one job. While there is no job, nothing is asked and the answer is undefined. */
export type OneJobActions = { [Verb in Exclude<keyof JobActions, 'refresh'>]: () => Asked } & Pick<
  JobActions,
  'refresh'
>

const VERBS = {
  ...{ pause: 'pause', resume: 'resume', abort: 'abort', kill: 'kill' },
  ...{ retry: 'retry', rerun: 'rerun', runNow: 'run-now', remove: 'delete' },
} as const satisfies Record<Exclude<keyof JobActions, 'refresh'>, Verb>

/**
 * @example
 * const { abort } = actionsOf(tidings)
 * await abort(job.id).catch((problem: TidingsProblem) => alert(problem.message))
 */
export function actionsOf(client: Client): JobActions {
  return actions(client, (verb) => (id: string) => client.ask(id, verb)) as JobActions
}

/** `id` is asked at the moment of a call. */
export function actionsOn(client: Client, id: () => string | undefined): OneJobActions {
  return actions(client, (verb) => async () => {
    const of = id()
    return of === undefined ? undefined : client.ask(of, verb)
  }) as OneJobActions
}

function actions(client: Client, ask: (verb: Verb) => unknown): object {
  const verbs = Object.entries(VERBS).map(([name, verb]) => [name, ask(verb)])
  return { ...Object.fromEntries(verbs), refresh: () => client.reconnect() }
}

/** One job: by its id, or the newest of what it was started from or is about. */
export type OneJob = string | { job: string } | { session: string } | { subject: Subject }

export function topicOf(which: OneJob): JobsTopic {
  return typeof which === 'string' ? { job: which } : which
}

/** Those that have not ended. */
export function activeOf(jobs: readonly ShownJob[]): readonly ShownJob[] {
  return jobs.filter((job) => !isOver(job))
}

/** What is told of ends: a function hears every kind. */
export type SettledCallbacks =
  | ((job: JobSummary) => void)
  | {
      /** It completed. */
      onCompleted?(job: JobSummary): void
      /** It ended in any other way: failed, aborted, timed out, lost. */
      onFailed?(job: JobSummary): void
    }

/** Tells an end to whom it concerns. */
export function tellSettled(callbacks: SettledCallbacks, job: JobSummary): void {
  if (typeof callbacks === 'function') callbacks(job)
  else if (job.status === 'completed') callbacks.onCompleted?.(job)
  else callbacks.onFailed?.(job)
}
