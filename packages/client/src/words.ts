/**
 * How values read: durations, times, ids, statuses, verbs, reasons and wishes in words. Every text can be replaced, and numbers and times
 * follow a locale.
 * Collaborators: `texts.ts` holds what is said; the elements and the dashboard show it. No markup here, and no clock: `now` is handed in.
 */
import { systemNow } from './environment.js'
import { type Forms, formatCount, formatMoment, formatNumber, formatShare } from './formats.js'
import { TidingsProblem } from './problem.js'
import { type JobSummary, STATUSES, type Verb } from './records.js'
import { type Texts, texts } from './texts.js'

export type { Forms } from './formats.js'
export { english, mergeTexts, setTexts, type TextChanges, type Texts, texts } from './texts.js'

/** `1204` reads as "1,204". */
export function numberText(number: number, { locale }: Pick<Texts, 'locale'> = shownTexts()): string {
  return formatNumber(number, locale)
}

/** A share of 100, rounded down, so that nothing says "100%" before it is done: `41.9` reads as "41%". */
export function percentText(percentage: number, { locale }: Pick<Texts, 'locale'> = shownTexts()): string {
  return formatShare(Math.floor(percentage) / 100, locale)
}

/**
 * A count with its word, by the plural rules of the locale.
 *
 * @example
 * countText(2, { one: 'job', other: 'jobs' }) // "2 jobs"
 */
export function countText(count: number, forms: Forms, { locale }: Pick<Texts, 'locale'> = shownTexts()): string {
  return formatCount(count, forms, locale)
}

/** Milliseconds in the two units that matter: "850 ms", "1 min 20 s", "2 d 07 h". */
export function durationText(milliseconds: number, { units }: Pick<Texts, 'units'> = shownTexts()): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (milliseconds >= 0 && milliseconds < 1000) return `${Math.round(milliseconds)} ${units.ms}`
  if (seconds < 60) return `${seconds} ${units.s}`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} ${units.min} ${pad(seconds % 60)} ${units.s}`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} ${units.h} ${pad(minutes % 60)} ${units.min}`
  return `${Math.floor(hours / 24)} ${units.d} ${pad(hours % 24)} ${units.h}`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

/** Time of day, with the date when it is another day than `now` (milliseconds since 1970). */
export function timeText(time: string | number, now: number = systemNow(), words: Texts = shownTexts()): string {
  const today = new Date(now).toDateString() === new Date(time).toDateString()
  return formatMoment(today ? 'clock' : 'day', time, words.locale)
}

/** Time of day with seconds. */
export function secondsText(time: string | number, words: Texts = shownTexts()): string {
  return formatMoment('seconds', time, words.locale)
}

/** The whole of a time, with its zone: for a title on hover. */
export function exactTimeText(time: string | number, words: Texts = shownTexts()): string {
  return formatMoment('exact', time, words.locale)
}

/** The end of an id tells jobs apart; its start is the same for all of an hour. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id
}

/** `timed_out` reads as "timed out"; a status that is not known shows its name. */
export function statusText(status: string, words: Pick<Texts, 'statuses'> = shownTexts()): string {
  return words.statuses[status] ?? plain(status)
}

const KNOWN: ReadonlySet<string> = new Set(STATUSES)

/** The name of the sign that goes with a status: the status itself, or `unknown`. */
export function signOf(status: string): string {
  return KNOWN.has(status) ? status : 'unknown'
}

export function verbText(verb: Verb, words: Pick<Texts, 'verbs'> = shownTexts()): string {
  return words.verbs[verb] ?? plain(verb)
}

/** What a job is called: its title; else, of a mirrored job, its name at the source; else its task. */
export function nameOf(job: Pick<JobSummary, 'title' | 'task'> & Partial<JobSummary>): string {
  return job.title ?? (job.mode === 'mirrored' ? job.externalId : undefined) ?? job.task
}

/** How a job was paused, not why. */
const HOW: ReadonlySet<string> = new Set(['cooperative', 'freeze'])

/** `no_worker` reads as "no worker". */
export function reasonText(reason: string, words: Pick<Texts, 'reasons'> = shownTexts()): string {
  return words.reasons[reason] ?? plain(reason)
}

/** Whether the reason tells something that a row does not show anyway; an error says more than its class. */
export function saysWhy(job: JobSummary): job is JobSummary & { reason: string } {
  return job.reason !== undefined && !HOW.has(job.reason) && !job.error
}

/** What was asked and has not happened yet; undefined when nothing is open. */
export function wishText(job: JobSummary, now: number, words: Texts = shownTexts()): string | undefined {
  const { wish } = job
  if (!wish || wish.kind === 'none') return undefined
  const doing = words.wishes[wish.kind] ?? `${wish.kind}…`
  if (!wish.at) return doing
  const ago = now - Date.parse(wish.at)
  return ago < 2000 ? doing : words.askedAgo(doing, durationText(ago, words))
}

/** Numbers of items, "340 / 1,200"; undefined when the job does not count. */
export function itemsText(
  current: number | undefined,
  total: number | undefined,
  words: Texts = shownTexts(),
): string | undefined {
  if (current === undefined) return undefined
  const done = numberText(current, words)
  return total === undefined ? done : `${done} / ${numberText(total, words)}`
}

/** Milliseconds that the newest attempt has run, without its pauses; undefined before the first. */
export function elapsed(job: JobSummary, now: number): number | undefined {
  if (!job.startedAt) return undefined
  if (job.ranMs === undefined)
    return Math.max(0, (job.endedAt ? Date.parse(job.endedAt) : now) - Date.parse(job.startedAt))
  const since = job.status === 'running' && job.updatedAt ? now - Date.parse(job.updatedAt) : 0
  return job.ranMs + Math.max(0, since)
}

/** That one job has ended, as a sentence. */
export function endedText(job: JobSummary, words: Texts = shownTexts()): string {
  return words.ended(nameOf(job), statusText(job.status, words))
}

/** That many jobs have ended, as one sentence: "12 jobs ended: 10 completed, 2 failed." Counts by status. */
export function manyEndedText(counts: Readonly<Record<string, number>>, words: Texts = shownTexts()): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const parts = Object.entries(counts).map(
    ([status, count]) => `${numberText(count, words)} ${statusText(status, words)}`,
  )
  return words.manyEnded(total, parts.join(', '))
}

/** What a proxy answers when the server behind it does not. */
const UNREACHED: ReadonlySet<string> = new Set(['http_502', 'http_503', 'http_504'])

/**
 * What went wrong, as a sentence for a person. Anything that was thrown may be given. When the server did not answer, whatever did, it is the
 * text of `unreachable`.
 */
export function problemText(error: unknown, words: Pick<Texts, 'problems'> = shownTexts()): string {
  if (!(error instanceof TidingsProblem)) return error instanceof Error ? error.message : String(error)
  const unreached = error.status === 0 || UNREACHED.has(error.code)
  const text = words.problems[error.code] ?? (unreached ? words.problems.unreachable : undefined)
  return text ?? [error.title, error.detail].filter(Boolean).join(' ')
}

/** Whether the page shows what is true now: a `ConnectionState` in words. */
export function connectionText(
  { state, since, reason }: { state: string; since: number; reason?: string },
  now: number,
  words: Texts = shownTexts(),
): string {
  if (state === 'offline') return words.offlineSince(timeText(since, now, words))
  if (state === 'stopped') return words.stopped(reason ? (words.stops[reason] ?? plain(reason)) : '')
  return words.connection[state] ?? plain(state)
}

function plain(name: string): string {
  return name.replaceAll('_', ' ')
}

function shownTexts(): Texts {
  return texts.getSnapshot()
}
