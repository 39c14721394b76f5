/**
 * The hook of the older system: connects on mount with the token in the address, patches the store by `task_status_update`, pings every 30 s, and
 * comes again after 1, 2, 4 … 30 s.
 */
import { useCallback, useEffect, useRef } from 'react'
import { type Task, useStore } from './task-store.js'

const FIRST_MS = 1_000
const LAST_MS = 30_000
const HEARTBEAT_MS = 30_000

interface TaskStatusUpdate {
  taskId: string
  status: string
  updatedAt: string
  output: string | null
  error: string | null
  assignee: string | null
  projectId: string | null
}

export function useWebSocket(token: string) {
  const socket = useRef<WebSocket>(undefined)
  const attempts = useRef(0)
  const timers = useRef<ReturnType<typeof setTimeout>[]>([])

  const rest = useCallback(() => {
    for (const timer of timers.current.splice(0)) clearTimeout(timer)
  }, [])

  const connect = useCallback(() => {
    const { setConnectionStatus } = useStore.getState()
    if (socket.current && socket.current.readyState <= WebSocket.OPEN) return
    setConnectionStatus('connecting')
    const opened = new WebSocket(`${location.origin.replace('http', 'ws')}/ws?token=${token}`)
    socket.current = opened
    opened.onopen = () => {
      setConnectionStatus('connected')
      attempts.current = 0
      const ping = () => opened.send(JSON.stringify({ type: 'ping', timestamp: new Date().toISOString() }))
      timers.current.push(setInterval(ping, HEARTBEAT_MS))
    }
    opened.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data)
      if (type === 'task_status_update') patch(payload)
      if (type === 'agent_activity_update') {
        const { agentId, status, currentTask } = payload
        useStore.getState().updateAgent(agentId, { status, currentTask })
      }
    }
    opened.onclose = () => {
      rest()
      if (socket.current !== opened) return
      setConnectionStatus('reconnecting')
      timers.current.push(setTimeout(connect, Math.min(FIRST_MS * 2 ** attempts.current++, LAST_MS)))
    }
  }, [token, rest])

  const disconnect = useCallback(() => {
    const open = socket.current
    socket.current = undefined
    rest()
    open?.close(1000, 'Client initiated disconnect')
    useStore.getState().setConnectionStatus('disconnected')
  }, [rest])

  const send = useCallback((data: unknown) => {
    if (socket.current?.readyState !== WebSocket.OPEN) throw new Error('WebSocket is not connected')
    socket.current.send(JSON.stringify(data))
  }, [])

  useEffect(() => {
    connect()
    return disconnect
  }, [connect, disconnect])

  return { send, disconnect, reconnect: connect }
}

function patch({ taskId, status, updatedAt, output, error, assignee, projectId }: TaskStatusUpdate): void {
  const told: Partial<Task> = {
    status,
    updatedAt: new Date(updatedAt),
    ...(assignee && { assignee }),
    ...(output && { output }),
    ...(error && { error }),
    ...(projectId && { projectId }),
  }
  useStore.getState().updateTask(taskId, told)
}
