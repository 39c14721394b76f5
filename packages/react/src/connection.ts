/**
 * Whether what is shown is true now.
 * Collaborators: the connection of the client.
 */
import type { ConnectionState } from '@tidings/client'
import { useMemo } from 'react'
import { useTidings } from './provider.js'
import { useView } from './view.js'

/** What `useConnection` answers. */
export interface Connection extends ConnectionState {
  isConnected: boolean
  /** Tries again now. Harmless while there is a connection. */
  reconnect(): void
}

const UNKNOWN: ConnectionState = { state: 'idle', since: 0 }

/**
 * The state of the connection: `idle` while nothing is followed, `connecting`, `live`, `catchingUp` after a cut, `offline` since a time, or
 * `stopped` with a reason when only a person can help. It opens no connection by itself.
 *
 * @example
 * const { state, since, reconnect } = useConnection()
 * if (state === 'offline') return <button onClick={reconnect}>Offline since {new Date(since).toLocaleTimeString()}. Try now</button>
 */
export function useConnection(): Connection {
  const client = useTidings()
  const state = useView(client.connection, UNKNOWN)
  return useMemo(
    () => ({ ...state, isConnected: state.state === 'live', reconnect: () => client.reconnect() }),
    [client, state],
  )
}
