/** A job's name to look at, with what tells it apart beside it. Collaborators: rows, the job's page; `fullNameOf` says the same in one text. */
import type { JobSummary } from '@tidings/client'
import { apartText, nameOf } from './wording.js'

export function JobName({ job }: { job: JobSummary }) {
  const apart = apartText(job)
  if (!apart) return nameOf(job)
  return (
    <>
      <span className="name-words">{nameOf(job)}</span> <code className="name-apart">{apart}</code>
    </>
  )
}
