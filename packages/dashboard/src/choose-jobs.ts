/**
 * Which jobs a filter means.
 * Collaborators: the job list. Says the same as the server's list route does for the same filter.
 */
import { hasEnded, type JobSummary } from '@tidings/client'
import type { Address } from './address.js'

export type Filter = Pick<Address, 'status' | 'task' | 'text'>

export function filterKey({ status, task, text }: Filter): string {
  return JSON.stringify([status, task, text])
}

export function chooseJobs(jobs: readonly JobSummary[], { status, task, text }: Filter): readonly JobSummary[] {
  if (!status && !task && !text) return jobs
  const wanted = text.trim().toLowerCase()
  return jobs.filter((job) => {
    if (status === 'active' ? hasEnded(job.status) : status && job.status !== status) return false
    if (task && job.task !== task) return false
    return !wanted || searched(job).some((field) => field?.toLowerCase().includes(wanted))
  })
}

function searched(job: JobSummary): (string | undefined)[] {
  return [job.title, job.task, job.id, job.owner, job.externalId, job.subject?.id, ...(job.tags ?? [])]
}

/** Live jobs and those that were asked of the list route, each once, newest first; the live word wins. */
export function withOlder(live: readonly JobSummary[], older: readonly JobSummary[]): readonly JobSummary[] {
  if (older.length === 0) return live
  const held = new Set(live.map((job) => job.id))
  const rest = older.filter((job) => !held.has(job.id))
  return [...live, ...rest].sort((one, other) =>
    one.createdAt < other.createdAt ? 1 : one.createdAt > other.createdAt ? -1 : 0,
  )
}
