/**
 * What is wrong with a task, in the sentences that `/api/tasks` has for it: a page and whoever asks over REST read the same.
 * Collaborators: `task-of`. It refuses to tell what was wrong with an earlier attempt of a job that goes on.
 */
import type { JobSummary } from '@tidings/client'

/** By end: the word that the sentence begins with, whoever said the rest, and the sentence when nothing was said. */
const ENDS = new Map<string, readonly [which: string, unsaid: string]>([
  ['failed', ['', 'It failed without saying why']],
  ['aborted', ['Cancelled: ', 'Cancelled before it was done']],
  ['timed_out', ['Timed out: ', 'Timed out before it was done']],
  ['lost', ['Lost: ', 'Lost: how it went is not known']],
])

export function errorOf({ status, mode, error }: Pick<JobSummary, 'status' | 'mode' | 'error'>): string | undefined {
  const said = error?.message || undefined
  const end = ENDS.get(status)
  if (!end) return status === 'retrying' || mode === 'mirrored' ? said : undefined
  return said ? end[0] + said : end[1]
}
