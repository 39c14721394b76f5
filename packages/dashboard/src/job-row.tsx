/** One job in the list. Drawn again only when the job, its place or its being chosen changes. */
import type { JobSummary } from '@tidings/client'
import { type MouseEvent, memo } from 'react'
import { go, linkTo } from './address.js'
import { JobName } from './job-name.js'
import { ProgressBar } from './progress-bar.js'
import { StatusChip } from './status-chip.js'
import { Elapsed, Moment, WishWords } from './times.js'
import { Verbs } from './verbs.js'
import { nameOf, reasonText, saysWhy, shortId } from './wording.js'

interface Props {
  job: JobSummary
  /** It left the list while somebody was looking. */
  gone: boolean
  open: boolean
  /** Counts from 0. */
  place: number
  count: number
  top: number
}

export const JobRow = memo(function JobRow({ job, gone, open, place, count, top }: Props) {
  const press = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go({ job: job.id })
  }
  return (
    <li
      className="row"
      data-status={job.status}
      data-gone={gone || undefined}
      data-open={open || undefined}
      aria-setsize={count}
      aria-posinset={place + 1}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div className="row-status">
        <StatusChip status={job.status} />
      </div>
      <div className="row-name">
        <a
          className="row-link"
          href={linkTo({ job: job.id })}
          onClick={press}
          data-job={job.id}
          aria-current={open ? 'true' : undefined}
        >
          <JobName job={job} />
        </a>
        <span className="row-facts">
          {gone && <span>no longer in this list</span>}
          {!gone && saysWhy(job) && <span className="row-reason">{reasonText(job.reason)}</span>}
          {nameOf(job) !== job.task && <span>{job.task}</span>}
          {(job.attempt ?? 0) > 1 && <span>attempt {job.attempt}</span>}
          <code>{shortId(job.id)}</code>
          {job.owner && <span>{job.owner}</span>}
          {job.tags?.slice(0, 3).map((tag) => (
            <span className="tag" key={tag}>
              {tag}
            </span>
          ))}
        </span>
      </div>
      <div className="row-progress">
        {job.error ? (
          <span className="row-error" title={job.error.message}>
            {job.error.message}
          </span>
        ) : (
          <ProgressBar job={job} />
        )}
      </div>
      <div className="row-times">
        <Elapsed job={job} />
        <span className="row-moment">
          <WishWords job={job} />
          <Moment time={job.endedAt ?? job.startedAt ?? job.createdAt} />
        </span>
      </div>
      {gone ? <span /> : <Verbs job={job} compact />}
    </li>
  )
})
