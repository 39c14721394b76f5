/**
 * How values read: durations, times, ids, statuses and wishes in words.
 * Collaborators: every component that shows text. No markup here.
 */
import type { JobEvent, JobSummary, Verb } from '@tidings/client'

export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (milliseconds >= 0 && milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
const WITH_SECONDS = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Time of day, with the date when it is another day. */
export function timeText(time: string | number, now: number = Date.now()): string {
  const date = new Date(time)
  const today = new Date(now).toDateString() === date.toDateString()
  return (today ? CLOCK : DAY).format(date)
}

export function secondsText(time: string): string {
  return WITH_SECONDS.format(new Date(time))
}

/** For a title on hover: with zone. */
export function exactTimeText(time: string): string {
  return EXACT.format(new Date(time))
}

/** The end of an id tells jobs apart; its start is the same for all of an hour. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id
}

export function statusText(status: string): string {
  return status.replaceAll('_', ' ')
}

export function nameOf(job: JobSummary): string {
  return job.title ?? job.task
}

const REASONS: Record<string, string> = {
  before_start: 'held before its start',
  cooperative: 'at a safe point',
  freeze: 'frozen in place',
}
/** How a job was paused, not why. */
const HOW: ReadonlySet<string> = new Set(['cooperative', 'freeze'])

/** `no_worker` reads as "no worker". */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll('_', ' ')
}

/** Whether the reason tells something that a row does not show anyway; an error says more than its class. */
export function saysWhy(job: JobSummary): job is JobSummary & { reason: string } {
  return job.reason !== undefined && !HOW.has(job.reason) && !job.error
}

/** What an event of the log was, for a person. */
export function eventText({ kind, wish }: Pick<JobEvent, 'kind' | 'wish'>): string {
  if (kind === 'wished') return wish ? `${VERB_TEXT[wish] ?? wish} asked` : 'Wish changed'
  return kind.replaceAll('_', ' ')
}

const WISHES: Record<string, string> = { pause: 'pausing', resume: 'resuming', abort: 'aborting', kill: 'killing' }

/** What was asked and has not happened yet; undefined when nothing is open. */
export function wishText(job: JobSummary, now: number): string | undefined {
  const { wish } = job
  if (!wish || wish.kind === 'none') return undefined
  const doing = `${WISHES[wish.kind] ?? wish.kind}…`
  if (!wish.at) return doing
  const ago = now - Date.parse(wish.at)
  return ago < 2000 ? doing : `${doing} asked ${durationText(ago)} ago`
}

export const VERB_TEXT: Record<Verb, string> = {
  pause: 'Pause',
  resume: 'Resume',
  abort: 'Abort',
  kill: 'Kill',
  retry: 'Retry',
  rerun: 'Run again',
  'run-now': 'Run now',
  answer: 'Answer',
  delete: 'Delete',
}

export function countText(count: number, one: string, many: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`
}

/** Numbers of items, `340 / 1,200`; undefined when the job does not count. */
export function itemsText(current: number | undefined, total: number | undefined): string | undefined {
  if (current === undefined) return undefined
  return total === undefined ? current.toLocaleString() : `${current.toLocaleString()} / ${total.toLocaleString()}`
}

/** Milliseconds that the newest attempt has run, without its pauses; undefined before the first. */
export function elapsed(job: JobSummary, now: number): number | undefined {
  if (!job.startedAt) return undefined
  if (job.ranMs === undefined)
    return Math.max(0, (job.endedAt ? Date.parse(job.endedAt) : now) - Date.parse(job.startedAt))
  const since = job.status === 'running' && job.updatedAt ? now - Date.parse(job.updatedAt) : 0
  return job.ranMs + Math.max(0, since)
}
