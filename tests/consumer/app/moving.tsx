/** Uses what stands in for the older systems' hooks as their apps would. */
import { useJobRecovery } from '@tidings/recovery'
import { useUserRuns, useUserRunsState } from '@tidings/runs'
import { getCalendarEventColor, getTaskStatusColors, useWebSocket } from '@tidings/task-status'

export function Recovered({ session }: { session: string }) {
  const { job, resumed, finishedWhileAway, dismiss } = useJobRecovery(session)
  const { reconnect } = useWebSocket()
  const { bg } = getTaskStatusColors(job?.status ?? 'pending')
  return (
    <button type="button" className={bg} style={{ color: getCalendarEventColor('running') }} onClick={dismiss}>
      {resumed?.percent} {String(finishedWhileAway)} {typeof reconnect}
    </button>
  )
}

export function useRunStatuses(): string[] {
  const { runs, refresh } = useUserRuns()
  const { onTaskCompleted } = useUserRunsState()
  onTaskCompleted('generate-report', (run) => console.log(run.id))
  void refresh()
  return runs.value.map((run) => run.status)
}
