/**
 * The socket of the page, as the document writes it: authenticate by message, subscribe, hear; then what the document leaves to the page, which is to
 * come again after three seconds, with another token when the former has ended.
 */
import { accessToken, refreshAccessToken } from './access.js'

export type FromServer =
  | { type: 'auth_required' | 'connected' | 'auth_failed' | 'jobs_subscribed' | 'error'; message: string }
  | { type: 'job_update'; job: Job; timestamp: string }
  | { type: 'job_stats_update'; stats: JobStats; timestamp: string }
  | { type: 'unread_count'; unreadCount: number }
  | { type: 'ping' | 'pong' }

export interface Job {
  id: string
  name: string
  status: 'pending' | 'running' | 'completed' | 'failed' | 'retrying'
  attempts: number
  maxRetries: number
  createdAt: string
  error?: string
}

export type JobStats = Record<'pending' | 'running' | 'completed' | 'failed' | 'total', number>

const RECONNECT_MS = 3_000
const PING_MS = 30_000

/** Tells each message until the socket is ended; returns what ends it. */
export function hearJobs(tell: (message: FromServer) => void, changed: (isConnected: boolean) => void): () => void {
  let socket: WebSocket | undefined
  let isOver = false
  let hasTokenEnded = false
  const say = (message: object) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message))

  function connect(): void {
    socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/notifications/ws`)
    socket.onopen = async () => {
      if (hasTokenEnded) await refreshAccessToken()
      hasTokenEnded = false
      say({ type: 'auth', token: await accessToken() })
    }
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data) as FromServer
      if (message.type === 'connected') {
        changed(true)
        say({ type: 'subscribe_jobs' })
      }
      if (message.type === 'ping') say({ type: 'pong' })
      if (message.type === 'error') hasTokenEnded = true
      tell(message)
    }
    socket.onclose = () => {
      changed(false)
      if (!isOver) setTimeout(connect, RECONNECT_MS)
    }
  }

  connect()
  const pinging = setInterval(() => say({ type: 'ping' }), PING_MS)
  return () => {
    isOver = true
    clearInterval(pinging)
    say({ type: 'unsubscribe_jobs' })
    socket?.close()
  }
}
