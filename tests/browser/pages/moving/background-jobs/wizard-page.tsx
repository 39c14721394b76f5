/** A wizard as the app of the older system has it: a start button, what became of its job meanwhile, a link with a count, toasts. */
import { useState } from 'react'
import { type BackgroundJob, useCompletionToasts, useJobRecovery, useRunningJobs } from './job-fetches.js'

export function OwnRecovery({ sessionId }: { sessionId: string }) {
  const { resumedJobId, resumedJob, showProgress, showCompletionMessage } = useJobRecovery(sessionId)
  return (
    <section aria-label="Recovery" data-job={resumedJobId}>
      {showProgress && <Progress job={resumedJob} />}
      {showCompletionMessage && <p>EPM Program generation completed!</p>}
    </section>
  )
}

function Progress({ job }: { job: BackgroundJob | undefined }) {
  return (
    <p>
      Your EPM generation is still running ({job?.progress}% complete): {job?.progressMessage}
    </p>
  )
}

export function Background({ sessionId }: { sessionId: string }) {
  const [toasts, setToasts] = useState<string[]>([])
  const [toast] = useState(() => ({ title, description }: { title: string; description: string }) => {
    setToasts((shown) => [...shown, `${title} ${description}`])
  })
  const running = useRunningJobs()
  useCompletionToasts(toast)
  const isRunning = running.some((job) => job.jobType === 'epm_generation' && job.sessionId === sessionId)
  return (
    <>
      <nav>
        <a href="/jobs">Background Jobs {running.length > 0 && `(${running.length})`}</a>
      </nav>
      <button type="button" disabled={isRunning} onClick={() => fetch('/generate-epm', { method: 'POST' })}>
        Generate EPM Program
      </button>
      <ul aria-label="Running">
        {running.map((job) => (
          <li key={job.id}>
            {job.jobType} {job.sessionId} {job.progress}%
            <button type="button" onClick={() => fetch(`/api/background-jobs/${job.id}`, { method: 'DELETE' })}>
              Cancel
            </button>
          </li>
        ))}
      </ul>
      <ul aria-label="Toasts">
        {toasts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  )
}
