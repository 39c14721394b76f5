/**
 * Whether what is shown is true now.
 * Collaborators: the connection of the client.
 */
import type { ConnectionState } from '@tidings/client'
import { type ComputedRef, computed } from 'vue'
import { useTidings } from './provider.js'
import { useView } from './view.js'

/** What `useConnection` answers. */
export interface Connection {
  state: ComputedRef<ConnectionState['state']>
  /** Milliseconds since 1970 at which this state was entered. */
  since: ComputedRef<number>
  /** When the next try starts; undefined while one is under way. */
  retryAt: ComputedRef<number | undefined>
  /** Name of the close code, or why there is no connection. */
  reason: ComputedRef<string | undefined>
  isConnected: ComputedRef<boolean>
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
 * // <button v-if="state === 'offline'" @click="reconnect">Offline since {{ new Date(since).toLocaleTimeString() }}. Try now</button>
 */
export function useConnection(): Connection {
  const client = useTidings()
  const now = useView(() => client.connection, UNKNOWN)
  return {
    state: computed(() => now.value.state),
    since: computed(() => now.value.since),
    retryAt: computed(() => now.value.retryAt),
    reason: computed(() => now.value.reason),
    isConnected: computed(() => now.value.state === 'live'),
    reconnect: () => client.reconnect(),
  }
}
