/** What happened to a job, as the log has it. Asked again when the job's revision grows. */
import type { JobEvent } from '@tidings/client'
import { Icon } from './icons.js'
import { eventText, exactTimeText, reasonText, secondsText, statusText, timeText } from './wording.js'

export function JobTimeline({ events }: { events: readonly JobEvent[] | undefined }) {
  if (!events) return <p className="output-none">Loading the timeline…</p>
  if (events.length === 0) return <p className="output-none">The log no longer holds the events of this job.</p>
  return (
    <ol className="timeline">
      {events.map((event, index) => {
        // Status and reason stand as they did before.
        const asked = event.kind === 'wished'
        return (
          <li key={event.rev} data-status={event.status}>
            <span className="timeline-mark">
              <Icon name={event.wish ?? event.status} />
            </span>
            <div className="timeline-words">
              <b>{eventText(event)}</b>
              {event.status !== event.kind && !asked && <span>{statusText(event.status)}</span>}
              {event.reason && !asked && <span className="row-reason">{reasonText(event.reason)}</span>}
              {event.by && <span>by {event.by}</span>}
            </div>
            <time dateTime={event.at} title={exactTimeText(event.at)}>
              {sameDay(event.at, events[index - 1]?.at) ? secondsText(event.at) : timeText(event.at)}
            </time>
          </li>
        )
      })}
    </ol>
  )
}

function sameDay(one: string, other: string | undefined): boolean {
  return other === undefined || new Date(one).toDateString() === new Date(other).toDateString()
}
