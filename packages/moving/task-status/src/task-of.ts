/**
 * A job as a task of the store, and what a change of the job changes in the task.
 * Collaborators: `task-feed`, `task-error`. It refuses to touch what an app put beside.
 */
import type { Job, ShownJob } from '@tidings/client'
import { errorOf } from './task-error.js'
import type { Task, TaskPatch } from './task-store.js'

export function taskIdOf(job: ShownJob): string {
  return job.externalId ?? job.id
}

/** The fields that have a value; `output` is what was read of the job. */
export function fieldsOf(job: ShownJob, output: string | undefined): TaskPatch & Pick<Task, 'status' | 'updatedAt'> {
  const fields: TaskPatch & Pick<Task, 'status' | 'updatedAt'> = {
    status: job.status,
    updatedAt: new Date(job.updatedAt),
    createdAt: new Date(job.createdAt),
    name: job.task,
    title: job.title,
    progress: job.progress,
    error: errorOf(job),
    output,
    assignee: tagged(job, 'assignee:'),
    projectId: tagged(job, 'project:'),
    rev: job.rev,
    job,
  }
  for (const name of Object.keys(fields) as (keyof TaskPatch)[]) if (fields[name] === undefined) delete fields[name]
  return fields
}

/** What was told before and is not told now is gone; the rest of the task stays. */
export function changed(
  held: Task | undefined,
  before: TaskPatch,
  after: ReturnType<typeof fieldsOf>,
  id: string,
): Task {
  const kept: Partial<Task> = { ...held }
  for (const name of Object.keys(before) as (keyof TaskPatch)[]) delete kept[name]
  return { ...kept, ...after, id }
}

/** Whether it is run elsewhere, and its source says how it is. */
export function isMirrored({ mode }: Pick<ShownJob, 'mode'>): boolean {
  return mode === 'mirrored'
}

/**
 * The output that a record tells: text as it is, anything else as JSON; undefined without one, also when it is an empty text. What runs here
 * has one when it completed, what runs elsewhere the one that was said last.
 */
export function outputOf({ status, mode, result }: Job): string | undefined {
  const tells = status === 'completed' || isMirrored({ mode })
  if (!tells || result === undefined || result === null || result === '') return undefined
  return typeof result === 'string' ? result : JSON.stringify(result)
}

function tagged(job: ShownJob, prefix: string): string | undefined {
  return job.tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length)
}
