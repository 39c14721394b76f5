/**
 * The component of the document in a modal dialog: start, connection, progress, pause, resume, abort, what is said. Closed in the middle, it lets go
 * of the task and the task goes on; opened again, it is connected to it again.
 */
import { useEffect, useRef } from 'react'

/** What the component uses of a hook: that of the app, or that of `@tidings/react`. */
export type UseTask = (options: { onComplete(result: unknown): void; onError(error: string): void }) => {
  taskId: string | null | undefined
  status: string
  progress: { percentage?: number; message?: string } | null | undefined
  message: string
  error: string | null | undefined
  isConnected: boolean
  startTask(taskType: string, input: unknown): Promise<unknown>
  pauseTask(): Promise<unknown>
  resumeTask(): Promise<unknown>
  abortTask(): Promise<unknown>
  connectToTask(taskId: string, taskType: string): void
}

export interface CheckLinksOutput {
  broken: { file: string; line: number; target: string; why: string }[]
  links: number
}

interface Props {
  useTask: UseTask
  /** The task that was started from here before. */
  lastTaskId: string | null
  onTask(taskId: string): void
  onResult(output: CheckLinksOutput): void
  toast: { success(text: string): void; error(text: string): void }
  onClose(): void
}

const TASK = 'check-links'
const ENDS = ['completed', 'failed', 'aborted']

export function TaskModal({ useTask, lastTaskId, onTask, onResult, toast, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const task = useTask({
    onComplete: (result: unknown) => {
      const output = result as CheckLinksOutput
      onResult(output)
      toast.success(`Task completed! Result: ${output.broken.length} of ${output.links} links are broken`)
    },
    onError: (error: string) => {
      toast.error(`Task failed: ${error}`)
    },
  })
  const { taskId, connectToTask } = task
  const last = useRef(lastTaskId)

  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    if (last.current) connectToTask(last.current, TASK)
  }, [connectToTask])
  useEffect(() => {
    if (taskId) onTask(taskId)
  }, [taskId, onTask])

  const handleStartTask = async () => {
    await task.startTask(TASK, { folder: 'site', delayMs: 40 })
  }
  const isOver = ENDS.includes(task.status)
  const isActive = !!task.taskId && task.status !== 'idle' && !isOver

  return (
    <dialog ref={dialog} aria-labelledby="modal-title" onClose={onClose}>
      <h2 id="modal-title">Check links</h2>
      <button type="button" disabled={isActive} onClick={handleStartTask}>
        Start Task
      </button>

      {task.taskId && task.status !== 'idle' && (
        <div className="space-y-4">
          {/* Connection Status */}
          <div className="flex items-center gap-2">
            <div className={`h-2 w-2 rounded-full ${task.isConnected ? 'bg-green-500' : 'bg-red-500'}`} />
            {task.isConnected ? 'Connected' : 'Disconnected'}
          </div>

          {/* Progress Bar */}
          {task.progress && (
            <div className="space-y-2">
              <div className="flex justify-between text-sm">
                <span>{task.progress.message}</span>
                <span>{Math.floor(task.progress.percentage ?? 0)}%</span>
              </div>
              <div className="h-2 w-full rounded-full bg-gray-200">
                <div
                  className="h-2 rounded-full bg-blue-600 transition-all duration-300"
                  role="progressbar"
                  aria-label="Progress"
                  aria-valuenow={task.progress.percentage ?? 0}
                  style={{ width: `${task.progress.percentage ?? 0}%` }}
                />
              </div>
            </div>
          )}

          {/* Task Controls */}
          <div className="flex gap-2">
            {task.status === 'running' && (
              <button type="button" onClick={() => task.pauseTask()}>
                Pause
              </button>
            )}
            {task.status === 'paused' && (
              <button type="button" onClick={() => task.resumeTask()}>
                Resume
              </button>
            )}
            {isActive && (
              <button type="button" onClick={() => task.abortTask()}>
                Abort
              </button>
            )}
          </div>

          {/* Status Messages */}
          <p role="status">
            {task.status}: {task.message}
          </p>
          {task.error && <p className="text-red-600">{task.error}</p>}
        </div>
      )}
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  )
}
