/** How a row of the monitor reads: the task, the status, how long, since when. No clock here: `now` is handed in. */
import { elapsed } from '@tidings/client/words'
import type { MonitorTexts } from './monitor-texts.js'
import { isActive, type TriggerRun } from './run.js'

/** `generate-weekly-report` reads as "Generate Weekly Report". */
export function taskName(taskIdentifier: string): string {
  const words = taskIdentifier.split(/[-_.:/\s]+/).filter(Boolean)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || taskIdentifier
}

/** `TIMED_OUT` reads as "TIMED OUT". */
export function statusWord(status: string, { statuses }: Pick<MonitorTexts, 'statuses'>): string {
  return statuses[status] ?? status.replaceAll('_', ' ')
}

/**
 * How long a run has taken, without its pauses: "42s", "3m 5s", "1h 15m". Of one that waits to start, how long it has waited; nothing of
 * one that never started.
 */
export function runDuration(run: TriggerRun, now: number): string {
  const { job } = run
  const waits = isActive(run) && (!job.startedAt || run.status === 'QUEUED')
  const took = waits ? now - Date.parse(job.createdAt) : elapsed(job, now)
  if (took === undefined) return ''
  const seconds = Math.max(0, Math.floor(took / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/** Time of day as "3:07 PM". */
export function startTime(time: string, locale: string | undefined): string {
  const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', hour12: true })
  return format.format(new Date(time)).replaceAll('\u202f', ' ')
}
