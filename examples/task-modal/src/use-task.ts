/**
 * `useTask` as an app with an SSE task system has it: starts a task by its type, hears it over an `EventSource`, and asks for pause, resume and
 * abort over the same address. Collaborators: `/api/tasks/…`, whoever answers it. It holds nothing over a reload.
 */
import { useCallback, useEffect, useRef, useState } from 'react'

export type TaskStatus = 'idle' | 'running' | 'paused' | 'completed' | 'failed' | 'aborted'

export interface TaskProgress {
  percentage: number
  current?: number
  total?: number
  message?: string
}

export interface TaskUpdate {
  type: 'connected' | 'status' | 'progress' | 'message' | 'error' | 'result'
  timestamp: string
  taskId: string
  status?: TaskStatus
  progress?: TaskProgress
  message?: string
  error?: string
  result?: unknown
}

export interface UseTaskOptions {
  onComplete?: (result: unknown) => void
  onError?: (error: string) => void
  onUpdate?: (update: TaskUpdate) => void
  /** False: a task is not heard before `connectToTask`. */
  autoConnect?: boolean
}

interface Shown {
  taskId: string | null
  status: TaskStatus
  progress: TaskProgress | null
  message: string
  error: string | null
  result: unknown
}

const NOTHING: Shown = { taskId: null, status: 'idle', progress: null, message: '', error: null, result: null }
const ENDS: readonly TaskStatus[] = ['completed', 'failed', 'aborted']
const RECONNECT_MS = 3_000

export function useTask(options: UseTaskOptions = {}) {
  const [shown, setShown] = useState(NOTHING)
  const [isConnected, setIsConnected] = useState(false)
  const newest = useRef(options)
  newest.current = options
  const task = useRef<{ id: string; type: string; status: TaskStatus }>(undefined)
  const source = useRef<EventSource>(undefined)
  const again = useRef<ReturnType<typeof setTimeout>>(undefined)

  const disconnect = useCallback(() => {
    source.current?.close()
    source.current = undefined
    clearTimeout(again.current)
    setIsConnected(false)
  }, [])

  const hear = useCallback((update: TaskUpdate) => {
    const { onUpdate, onComplete, onError } = newest.current
    if (update.type === 'connected') return
    if (update.status && task.current) task.current.status = update.status
    setShown((before) => ({
      taskId: before.taskId,
      status: update.status ?? before.status,
      progress: update.progress ?? before.progress,
      message: update.message ?? before.message,
      error: update.error ?? before.error,
      result: update.result ?? before.result,
    }))
    onUpdate?.(update)
    if (update.status === 'completed') onComplete?.(update.result)
    if (update.status === 'failed') onError?.(update.error ?? 'Task failed')
  }, [])

  const connectToTask = useCallback(
    (taskId: string, taskType: string) => {
      const listen = () => {
        disconnect()
        const events = new EventSource(`/api/tasks/${taskType}?taskId=${taskId}`)
        source.current = events
        events.onopen = () => setIsConnected(true)
        events.onmessage = ({ data }) => hear(JSON.parse(data))
        events.onerror = () => {
          setIsConnected(false)
          // The browser comes again by itself, unless it was told not to.
          if (events.readyState !== EventSource.CLOSED || ENDS.includes(task.current?.status ?? 'idle')) return
          again.current = setTimeout(listen, RECONNECT_MS)
        }
      }
      task.current = { id: taskId, type: taskType, status: 'idle' }
      setShown({ ...NOTHING, taskId })
      listen()
    },
    [disconnect, hear],
  )

  const startTask = useCallback(
    async (taskType: string, input: unknown) => {
      try {
        setShown((before) => ({ ...before, error: null }))
        const response = await send('POST', `/api/tasks/${taskType}`, { action: 'start', ...(input as object) })
        const { success, taskId, error } = await response.json()
        if (!response.ok || !success) throw new Error(error ?? 'Failed to start task')
        if (newest.current.autoConnect === false) setShown({ ...NOTHING, taskId })
        else connectToTask(taskId, taskType)
      } catch (problem) {
        const error = problem instanceof Error ? problem.message : 'Unknown error'
        setShown((before) => ({ ...before, error }))
        newest.current.onError?.(error)
      }
    },
    [connectToTask],
  )

  const ask = useCallback(async (action: 'pause' | 'resume') => {
    const { id, type } = task.current ?? {}
    if (id) await send('POST', `/api/tasks/${type}`, { action, taskId: id })
  }, [])
  const pauseTask = useCallback(() => ask('pause'), [ask])
  const resumeTask = useCallback(() => ask('resume'), [ask])
  const abortTask = useCallback(async () => {
    const { id, type } = task.current ?? {}
    if (id) await send('DELETE', `/api/tasks/${type}?taskId=${id}`)
  }, [])

  useEffect(() => disconnect, [disconnect])

  return { ...shown, isConnected, startTask, pauseTask, resumeTask, abortTask, connectToTask, disconnect }
}

function send(method: string, address: string, body?: object): Promise<Response> {
  return fetch(address, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  })
}
