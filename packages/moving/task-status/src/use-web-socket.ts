/**
 * The hook: connects while a component is mounted, and feeds a store.
 * Collaborators: `task-feed` does it, once for all components; `@tidings/react` says which client a tree uses.
 */
import type { Client, JobSummary, Verb } from '@tidings/client'
import { useTidings } from '@tidings/react'
import { useEffect, useMemo } from 'react'
import { type FedStore, feedOf } from './task-feed.js'
import { useTaskStore } from './task-store.js'

/** What may be sent: signs of life, which the connection gives by itself, and what may be asked of a task. */
export type SocketMessage =
  | { type: 'ping' | 'pong' | 'ack'; [more: string]: unknown }
  | { type: Exclude<Verb, 'answer'>; taskId: string }

export interface UseWebSocketOptions {
  /** Any store with the slice of `taskSlice`. Default: `useTaskStore`. */
  store?: FedStore
}

/** What `useWebSocket` answers: the same functions at each drawing. */
export interface WebSocketControls {
  /**
   * Asks a verb of a task and answers its job, or says that this page is alive.
   *
   * @throws Error "WebSocket is not connected" while the status is not `connected`; TypeError for a type that means nothing. The promise
   * rejects with a `TidingsProblem` when the server refuses.
   * @example
   * await send({ type: 'abort', taskId: '123' })
   */
  send(message: SocketMessage): Promise<JobSummary | undefined>
  /** Feeds the store no more, until `reconnect` or the next mount. Other parts of the page keep their connection. */
  disconnect(): void
  /** Feeds it again, or tries at once when there is no connection. Harmless while there is. */
  reconnect(): void
}

const VERBS: ReadonlySet<string> = new Set<Verb>([
  'pause',
  'resume',
  'abort',
  'kill',
  'retry',
  'rerun',
  'run-now',
  'delete',
])
const SIGNS_OF_LIFE: ReadonlySet<string> = new Set(['ping', 'pong', 'ack'])

/**
 * Keeps a store true: the tasks of whoever is signed in, by id, and the state of the connection. It connects on mount and lets go when the
 * last component with it is gone. A cut is gone over by itself, nothing that happened meanwhile is missed, and tabs share one connection.
 *
 * @example
 * function Calendar() {
 *   useWebSocket()
 *   const tasks = useTaskStore(selectTasks)
 *   return tasks.map((task) => <Event key={task.id} color={getCalendarEventColor(task.status)} />)
 * }
 */
export function useWebSocket({ store = useTaskStore }: UseWebSocketOptions = {}): WebSocketControls {
  const client = useTidings()
  useEffect(() => feedOf(client, store).use(), [client, store])
  return useMemo(
    () => ({
      send: (message) => send(client, store, message),
      disconnect: () => feedOf(client, store).stop(),
      reconnect: () => feedOf(client, store).reconnect(),
    }),
    [client, store],
  )
}

function send(client: Client, store: FedStore, message: SocketMessage): Promise<JobSummary | undefined> {
  const { connectionStatus, tasks } = store.getState()
  const { type } = message
  if (!VERBS.has(type) && !SIGNS_OF_LIFE.has(type)) throw new TypeError(`Nothing is done for a message of type ${type}`)
  if (connectionStatus !== 'connected') throw new Error('WebSocket is not connected')
  if (SIGNS_OF_LIFE.has(type)) return Promise.resolve(undefined)
  const { taskId } = message as { taskId: string }
  return client.ask(tasks[taskId]?.job?.id ?? taskId, type as Verb)
}
