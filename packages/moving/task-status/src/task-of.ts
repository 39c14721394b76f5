/**
 * A job as a task of the store, and what a change of the job changes in the task.
 * Collaborators: `task-feed`. It refuses to touch what an app put beside.
 */
import { hasEnded, type ShownJob } from '@tidings/client'
import { reasonText, statusText } from '@tidings/client/words'
import type { Task, TaskPatch } from './task-store.js'

export function taskIdOf(job: ShownJob): string {
  return job.externalId ?? job.id
}

/** The fields that have a value; `output` is what was read of this settlement. */
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

/** A result as text: text as it is, anything else as JSON. */
export function outputText(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined
  return typeof result === 'string' ? result : JSON.stringify(result)
}

function errorOf(job: ShownJob): string | undefined {
  if (job.error) return job.error.message
  if (!hasEnded(job.status) || job.status === 'completed') return undefined
  return job.reason ? `${statusText(job.status)}: ${reasonText(job.reason)}` : statusText(job.status)
}

function tagged(job: ShownJob, prefix: string): string | undefined {
  return job.tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length)
}
