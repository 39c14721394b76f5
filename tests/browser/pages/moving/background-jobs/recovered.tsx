/** The same part of the page with the hook of the package. */
import { useJobRecovery } from '@tidings/recovery'

export function Recovered({ sessionId }: { sessionId: string }) {
  const { job, resumed, finishedWhileAway, failedWhileAway, dismiss } = useJobRecovery(sessionId)
  return (
    <section aria-label="Recovery" data-job={job?.id}>
      {resumed && (
        <p>
          Your EPM generation is still running ({resumed.percent}% complete): {job?.progress.message}
        </p>
      )}
      {finishedWhileAway && <p>EPM Program generation completed!</p>}
      {failedWhileAway && <p>EPM Program generation failed: {job?.error?.message ?? job?.status}</p>}
      {job && (
        <button type="button" onClick={dismiss}>
          Dismiss
        </button>
      )}
    </section>
  )
}
