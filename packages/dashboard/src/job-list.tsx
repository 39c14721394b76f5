/**
 * The jobs, live. No row moves under the pointer: while somebody is at the list, or has scrolled it, what is new waits behind a button.
 * Collaborators: `HeldOrder` keeps the order, `rowsInSight` says what to draw, the client gives the jobs.
 */
import type { JobsView } from '@tidings/client'
import { type FocusEvent, type RefObject, useMemo, useState } from 'react'
import type { Address } from './address.js'
import { chooseJobs, filterKey, withOlder } from './choose-jobs.js'
import { HeldOrder } from './held-order.js'
import { Icon } from './icons.js'
import { JobRow } from './job-row.js'
import { useOlder } from './older-jobs.js'
import { useNarrow } from './screen.js'
import { Search } from './search.js'
import { NothingFits } from './states.js'
import { rowsInSight, useScrollPlace } from './window-rows.js'
import { countText } from './wording.js'

const ROW_WIDE = 68
const ROW_NARROW = 104

interface Props {
  view: JobsView
  address: Address
  search: RefObject<HTMLInputElement | null>
  /** Asks to delete the ended jobs of the filter; undefined when there can be none, or it is not for this person. */
  onClear?: (() => void) | undefined
}

export function JobList({ view, address, search, onClear }: Props) {
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const [order] = useState(() => new HeldOrder())
  const [pointed, setPointed] = useState(false)
  const [focused, setFocused] = useState(false)
  const [, draw] = useState(0)
  const key = filterKey(address)
  const older = useOlder(view.jobs, address, key)
  const height = useNarrow() ? ROW_NARROW : ROW_WIDE
  const all = useMemo(() => withOlder(view.jobs, older.jobs), [view.jobs, older.jobs])
  const wanted = useMemo(() => chooseJobs(all, address), [all, address])
  const byId = useMemo(() => new Map(all.map((job) => [job.id, job])), [all])
  const place = useScrollPlace(box, height)
  const hold = pointed || focused || place.top > 0
  const { rows, fresh } = order.arrange(wanted, (id) => byId.get(id), `${key}${older.jobs.length}`, hold)
  const [first, end] = rowsInSight(place, rows.length, height)

  const showFresh = () => {
    order.release()
    box?.scrollTo({ top: 0 })
    draw((n) => n + 1)
  }
  const left = (event: FocusEvent) => setFocused(event.currentTarget.contains(event.relatedTarget))
  return (
    <section className="list" aria-label="Jobs">
      <div className="list-head">
        <h2>{headingOf(address)}</h2>
        <span className="list-count">
          {view.truncated && !older.complete && 'newest '}
          {countText(rows.length, 'job', 'jobs')}
        </span>
        <span aria-live="polite" className="list-fresh">
          {fresh > 0 && (
            <button type="button" className="button button-main" onClick={showFresh}>
              <Icon name="up" />
              {fresh.toLocaleString()} new
            </button>
          )}
        </span>
        {onClear && (
          <button type="button" className="button list-clear" onClick={onClear} aria-label="Clear ended…">
            <Icon name="delete" />
            <span>Clear ended…</span>
          </button>
        )}
        <Search text={address.text} search={search} />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only notices that somebody is looking */}
      <div
        className="list-box"
        ref={setBox}
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
        onFocus={() => setFocused(true)}
        onBlur={left}
      >
        {rows.length === 0 && <NothingFits address={address} />}
        <ul className="rows" style={{ height: rows.length * height }}>
          {rows.slice(first, end).map(({ job, gone }, index) => (
            <JobRow
              key={job.id}
              job={job}
              gone={gone}
              open={job.id === address.job}
              place={first + index}
              count={rows.length}
              top={(first + index) * height}
            />
          ))}
        </ul>
        {view.truncated && !older.complete && (
          <div className="list-foot">
            <button type="button" className="button" onClick={older.load} disabled={older.loading}>
              {older.loading ? 'Looking…' : 'Show older jobs'}
            </button>
          </div>
        )}
      </div>
    </section>
  )
}

function headingOf({ status, task }: Address): string {
  const which = status === 'active' ? 'Active jobs' : status ? `Jobs ${status.replaceAll('_', ' ')}` : 'Jobs'
  return task ? `${which} of ${task}` : which
}
