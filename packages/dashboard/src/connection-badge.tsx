/** In words, whether what the page shows is true now. */
import type { ConnectionState } from '@tidings/client'
import { useNow } from './clock.js'
import { client, useView } from './session.js'
import { durationText, timeText } from './wording.js'

const REASONS: Record<string, string> = {
  unauthenticated: 'signed out',
  forbidden_origin: 'this page may not connect',
  too_many_connections: 'too many connections',
  bad_frame: 'this page does not fit the server',
  done: 'closed by the server',
}

export function ConnectionBadge() {
  const state = useView(client.connection)
  const resting = state.state === 'offline' || state.state === 'stopped'
  return (
    <div className="connection" data-state={state.state} role="status">
      <span className="connection-dot" aria-hidden="true" />
      <span>{wordsOf(state)}</span>
      {state.retryAt !== undefined && <Countdown until={state.retryAt} />}
      {resting && (
        <button type="button" className="link" onClick={() => client.reconnect()}>
          Try now
        </button>
      )}
    </div>
  )
}

function wordsOf({ state, since, reason }: ConnectionState): string {
  switch (state) {
    case 'idle':
    case 'connecting':
      return 'Connecting…'
    case 'live':
      return 'Live'
    case 'catchingUp':
      return 'Catching up…'
    case 'offline':
      return `Offline since ${timeText(since)}`
    case 'stopped':
      return `Not connected: ${REASONS[reason ?? ''] ?? reason ?? 'stopped'}`
  }
}

/** Not read out: it would talk every second. */
function Countdown({ until }: { until: number }) {
  const left = until - useNow()
  return left < 1000 ? null : (
    <span className="connection-countdown" aria-hidden="true">
      again in {durationText(left)}
    </span>
  )
}
