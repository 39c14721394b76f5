/**
 * What there is, counted by status, and which part of it the list shows.
 * Collaborators: counts of the client, the address.
 */

import { STATUSES, type Stats } from '@tidings/client'
import { countsOf } from '@tidings/client/counts'
import { type Address, go } from './address.js'
import { client, useView } from './session.js'
import { statusText } from './wording.js'

/** Shown even when there are none, so that the strip does not jump when a first one comes. */
const ALWAYS: ReadonlySet<string> = new Set(['pending', 'running', 'completed', 'failed'])
export function Filters({ address }: { address: Address }) {
  const stats = useView(countsOf(client))
  return (
    <nav className="counts" aria-label="Jobs by status">
      <Count name="" words="All" count={stats?.total} chosen={address.status} />
      <Count name="active" words="Active" count={stats?.active} chosen={address.status} />
      <span className="counts-line" aria-hidden="true" />
      {STATUSES.filter((status) => shows(status, stats, address.status)).map((status) => (
        <Count
          key={status}
          name={status}
          words={statusText(status)}
          count={stats ? (stats.byStatus[status] ?? 0) : undefined}
          chosen={address.status}
        />
      ))}
    </nav>
  )
}

function shows(status: string, stats: Stats | undefined, chosen: string): boolean {
  return ALWAYS.has(status) || status === chosen || (stats?.byStatus[status] ?? 0) > 0
}

function Count({
  name,
  words,
  count,
  chosen,
}: {
  name: string
  words: string
  count: number | undefined
  chosen: string
}) {
  return (
    <button
      type="button"
      className="count"
      data-status={name || undefined}
      aria-pressed={chosen === name}
      onClick={() => go({ status: chosen === name ? '' : name })}
    >
      {name && name !== 'active' && <span className="count-mark" aria-hidden="true" />}
      <span className="count-words">{words}</span>
      <b>{count?.toLocaleString() ?? '–'}</b>
    </button>
  )
}
