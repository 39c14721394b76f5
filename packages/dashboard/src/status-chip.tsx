/** A status as sign and word, coloured by `data-status` in the style sheet. */
import { STATUSES } from '@tidings/client'
import { Icon } from './icons.js'
import { statusText } from './wording.js'

const KNOWN: ReadonlySet<string> = new Set(STATUSES)

export function StatusChip({ status }: { status: string }) {
  return (
    <span className="chip" data-status={status}>
      <Icon name={KNOWN.has(status) ? status : 'unknown'} />
      {statusText(status)}
    </span>
  )
}
