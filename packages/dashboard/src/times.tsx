/** Times that a person reads: the whole of it on hover, those of an active job ticking. */
import { hasEnded, type JobSummary } from '@tidings/client'
import { useNow } from './clock.js'
import { durationText, elapsed, exactTimeText, timeText, wishText } from './wording.js'

export function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} title={exactTimeText(time)}>
      {timeText(time)}
    </time>
  )
}

/** How long a job has run; before its start, how long it has been there. */
export function Elapsed({ job }: { job: JobSummary }) {
  if (hasEnded(job.status)) {
    const took = elapsed(job, 0)
    return <span className="elapsed">{took === undefined ? '–' : durationText(took)}</span>
  }
  return <Ticking job={job} />
}

function Ticking({ job }: { job: JobSummary }) {
  const now = useNow()
  if (job.status === 'scheduled' && job.dueAt) {
    return <span className="elapsed">in {durationText(Math.max(1000, Date.parse(job.dueAt) - now))}</span>
  }
  const waits = job.status === 'pending' || job.status === 'retrying'
  const ran = (waits ? undefined : elapsed(job, now)) ?? Math.max(0, now - Date.parse(job.createdAt))
  return <span className="elapsed">{durationText(Math.max(1000, ran))}</span>
}

export function WishWords({ job }: { job: JobSummary }) {
  if (!job.wish || job.wish.kind === 'none' || hasEnded(job.status)) return null
  return <WishTicking job={job} />
}

function WishTicking({ job }: { job: JobSummary }) {
  const words = wishText(job, useNow())
  return words ? <span className="wish">{words}</span> : null
}
