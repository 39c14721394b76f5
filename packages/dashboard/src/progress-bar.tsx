/** How far a job is: a bar when that is known, and the numbers and words that came with it. */
import { hasEnded, type JobSummary, type Progress, type Status } from '@tidings/client'
import { fullNameOf, itemsText } from './wording.js'

export function ProgressBar({ job, large = false }: { job: JobSummary; large?: boolean }) {
  const { status } = job
  const progress = progressOf(job)
  const percentage = percentageOf(status, progress)
  const items = itemsText(progress?.current, progress?.total)
  // Of what is not heard of, nobody knows whether it moves.
  const moving = percentage === undefined && status === 'running' && job.reason !== 'stale'
  const trouble = [countOf(progress?.failed, 'failed'), countOf(progress?.skipped, 'skipped')].filter(Boolean)
  const words = progress?.message ?? (moving ? 'Working…' : '')
  if (percentage === undefined && !moving && !words && !items) return <div className="progress progress-none" />
  return (
    <div className={large ? 'progress progress-large' : 'progress'} data-status={status}>
      <div className="progress-words">
        <span className="progress-message" title={words}>
          {words}
        </span>
        <span className="progress-numbers">
          {trouble.length > 0 && (
            <span className="progress-trouble">
              {trouble.map((words) => (
                <span key={words}>{words}</span>
              ))}
            </span>
          )}
          {items && <span className="progress-items">{items}</span>}
          {percentage !== undefined && <b>{Math.floor(percentage)} %</b>}
        </span>
      </div>
      {(percentage !== undefined || moving) && (
        <div
          className={moving ? 'bar bar-moving' : 'bar'}
          role="progressbar"
          aria-label={`Progress of ${fullNameOf(job)}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percentage === undefined ? undefined : Math.floor(percentage)}
        >
          <div className="bar-fill" style={{ transform: `scaleX(${(percentage ?? (moving ? 100 : 0)) / 100})` }} />
        </div>
      )}
    </div>
  )
}

/** None before an attempt begins: what stands there is of the one before. */
function progressOf({ status, reason, progress }: JobSummary): Progress | undefined {
  const before = status === 'pending' || status === 'scheduled' || (status === 'paused' && reason === 'before_start')
  return before ? undefined : progress
}

function percentageOf(status: Status, progress: Progress | undefined): number | undefined {
  // That it is complete is said already.
  if (status === 'completed') return undefined
  const said = progress?.percentage ?? ratio(progress?.current, progress?.total)
  if (said === undefined) return undefined
  return Math.min(100, Math.max(0, hasEnded(status) ? said : Math.min(said, 100)))
}

function ratio(current: number | undefined, total: number | undefined): number | undefined {
  return current === undefined || !total ? undefined : (current / total) * 100
}

function countOf(count: number | undefined, word: string): string {
  return count ? `${count.toLocaleString()} ${word}` : ''
}
