/** A task while it runs and when it has ended: one line, a bar, what may be asked of it now. */
import type { Task } from '@tidings/react'

export function RunPanel({ task, label }: { task: Task<never>; label: string }) {
  const { status, message, error, progress, job, isConnected } = task
  const percentage = progress?.percentage
  const asked = job?.wish?.kind
  const may = (verb: 'pause' | 'resume' | 'abort') => !job?.asking && job?.verbs.includes(verb)
  return (
    <section className="run" data-status={status} aria-label={label}>
      <p className="run-words">
        <span className="dot" data-live={isConnected} title={isConnected ? 'Live' : 'Not live now'} />
        <span className="run-message">{asked === 'pause' || asked === 'abort' ? `Asked to ${asked}…` : message}</span>
        {percentage !== undefined && <b>{Math.floor(percentage)}%</b>}
      </p>
      <progress aria-label={`Progress: ${label}`} max={100} value={percentage ?? (job?.endedAt ? 0 : undefined)} />
      {error && <p className="error">{error}</p>}
      <p className="buttons">
        {may('pause') && (
          <button type="button" onClick={task.pauseTask}>
            Pause
          </button>
        )}
        {may('resume') && (
          <button type="button" onClick={task.resumeTask}>
            Resume
          </button>
        )}
        {may('abort') && (
          <button type="button" onClick={task.abortTask}>
            Abort
          </button>
        )}
      </p>
    </section>
  )
}
