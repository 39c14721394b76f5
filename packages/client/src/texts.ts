/**
 * Every text that a part of ours shows, in English, and the one place where an app replaces them.
 * Collaborators: words reads them; whoever shows text looks at `texts` and draws again when they change.
 */
import type { View } from './changes.js'
import { formatCount, formatNumber } from './formats.js'
import type { Verb } from './records.js'

/** What is said. Functions get numbers as numbers, so that each language can choose its plural; other values come as text. */
export interface Texts {
  /** BCP 47 tag for numbers, times and plurals; undefined: that of the browser. */
  locale?: string
  units: { ms: string; s: string; min: string; h: string; d: string }
  /** By status. One that is missing shows its name. */
  statuses: Record<string, string>
  verbs: Record<Verb, string>
  /** By reason. One that is missing shows its name with spaces. */
  reasons: Record<string, string>
  /** What was asked and has not happened yet, by the kind of the wish. */
  wishes: Record<string, string>
  /** By the `code` of a problem, `unreachable` when nothing or a proxy answers. One that is missing shows what the server said, which is English. */
  problems: Record<string, string>
  /** By connection state, `offline` and `stopped` apart. */
  connection: Record<string, string>
  /** Why a connection stopped, by its reason. */
  stops: Record<string, string>
  /** The filters of a list of jobs. */
  filters: { all: string; active: string; failed: string; ended: string }

  askedAgo(doing: string, duration: string): string
  /** When a scheduled job is due. */
  dueIn(duration: string): string
  offlineSince(time: string): string
  /** The reason may be empty. */
  stopped(reason: string): string
  tryNow: string

  /** Asked before what cannot be taken back. */
  really(verb: string): string
  /** A button's name for a screen reader. */
  verbOn(verb: string, job: string): string
  actionsFor(job: string): string
  progressOf(job: string): string
  refused(verb: string, why: string): string
  ended(job: string, status: string): string
  /** `parts` is such as "10 completed, 2 failed". */
  manyEnded(total: number, parts: string): string

  jobs: string
  noJobs: string
  noneOfThese: string
  noSuchJob: string
  loading: string
  running(count: number): string
  /** Ended since somebody last looked. */
  newlyEnded(count: number): string
  active: string
  recent: string
  showRecent: string
  hideRecent: string
  showMore: string
  /** Jobs behind the fold of a list. */
  more(count: number): string
  showLess: string
  /** Puts a job out of sight; what then is said of it; and the way back, for one or for all. */
  hide: string
  hidden: string
  showAgain: string
  showHidden(count: number): string
  /** Jobs that wait to be shown while somebody is at the list. */
  fresh(count: number): string
  gone: string
  filter: string
  search: string
  attempt(number: number): string
  itemsFailed(count: number): string
  itemsSkipped(count: number): string

  start: string
  startAgain: string
  starting: string
  working: string
  view: string
  /** Of several jobs that have one, which. */
  viewOf(job: string): string
  safeToLeave: string
  minimise: string
  dismiss: string
  notifications: string
}

/** Changes to some of the texts; of lists, to some of their entries. */
export type TextChanges = {
  [Key in keyof Texts]?: Texts[Key] extends Record<string, string> ? Partial<Texts[Key]> : Texts[Key]
}

/** The texts that are shown where nothing was replaced. */
export const english: Texts = {
  units: { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' },
  statuses: {},
  verbs: {
    pause: 'Pause',
    resume: 'Resume',
    abort: 'Abort',
    kill: 'Kill',
    retry: 'Retry',
    rerun: 'Run again',
    'run-now': 'Run now',
    answer: 'Answer',
    delete: 'Delete',
  },
  reasons: {
    before_start: 'held before its start',
    cooperative: 'at a safe point',
    freeze: 'frozen in place',
    stale: 'nothing heard of it lately',
  },
  wishes: { pause: 'pausing…', resume: 'resuming…', abort: 'aborting…', kill: 'killing…' },
  problems: { unreachable: 'Tidings cannot be reached. Try again in a moment.' },
  connection: { connecting: 'Connecting…', live: 'Live', catchingUp: 'Catching up…' },
  stops: {
    unauthenticated: 'signed out',
    forbidden_origin: 'this page may not connect',
    too_many_connections: 'too many connections',
    bad_frame: 'this page does not fit the server',
    done: 'closed by the server',
  },
  filters: { all: 'All', active: 'Running', failed: 'Failed', ended: 'Ended' },

  askedAgo: (doing, duration) => `${doing} asked ${duration} ago`,
  dueIn: (duration) => `in ${duration}`,
  offlineSince: (time) => `Offline since ${time}`,
  stopped: (reason) => (reason ? `Not connected: ${reason}` : 'Not connected'),
  tryNow: 'Try now',

  really: (verb) => `Really ${verb.toLowerCase()}?`,
  verbOn: (verb, job) => `${verb} ${job}`,
  actionsFor: (job) => `Actions for ${job}`,
  progressOf: (job) => `Progress of ${job}`,
  refused: (verb, why) => `${verb}: ${why}`,
  ended: (job, status) => `${job}: ${status}.`,
  manyEnded: (total, parts) => `${formatCount(total, { one: 'job', other: 'jobs' }, shown.locale)} ended: ${parts}.`,

  jobs: 'Jobs',
  noJobs: 'No jobs yet',
  noneOfThese: 'No jobs here',
  noSuchJob: 'There is no such job.',
  loading: 'Loading…',
  running: (many) => `${count(many)} running`,
  newlyEnded: (many) => `${count(many)} ended`,
  active: 'Running',
  recent: 'Recent',
  showRecent: 'Show recent',
  hideRecent: 'Hide recent',
  showMore: 'Show more',
  more: (many) => `${count(many)} more`,
  showLess: 'Show less',
  hide: 'Hide',
  hidden: 'hidden',
  showAgain: 'Show again',
  showHidden: (many) => `Show hidden (${count(many)})`,
  fresh: (many) => `${count(many)} new`,
  gone: 'no longer in this list',
  filter: 'Filter',
  search: 'Search jobs',
  attempt: (number) => `attempt ${count(number)}`,
  itemsFailed: (many) => `${count(many)} failed`,
  itemsSkipped: (many) => `${count(many)} skipped`,

  start: 'Start',
  startAgain: 'Start again',
  starting: 'Starting…',
  working: 'Working…',
  view: 'View',
  viewOf: (job) => `View ${job}`,
  safeToLeave: 'You can leave this page. The job goes on.',
  minimise: 'Minimise',
  dismiss: 'Dismiss',
  notifications: 'Notifications',
}

/**
 * These texts with some of them replaced.
 *
 * @example
 * mergeTexts(english, { verbs: { abort: 'Stop' } }).verbs.pause // "Pause"
 */
export function mergeTexts(base: Texts, changes: TextChanges): Texts {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue
    const before = merged[key]
    merged[key] = typeof value === 'object' && typeof before === 'object' ? { ...before, ...value } : value
  }
  return merged as unknown as Texts
}

let shown = english

function count(number: number): string {
  return formatNumber(number, shown.locale)
}

const listeners = new Set<() => void>()

/** The texts of the page, as a view: React's `useSyncExternalStore` takes both functions as they are. */
export const texts: View<Texts> = {
  subscribe(listener) {
    const own = () => listener()
    listeners.add(own)
    return () => {
      listeners.delete(own)
    }
  },
  getSnapshot: () => shown,
}

/**
 * Replaces texts of the page. What is not named is English again.
 *
 * @example
 * setTexts({ locale: 'de', statuses: { running: 'läuft' }, running: (count) => `${count} laufen` })
 */
export function setTexts(changes: TextChanges): void {
  shown = mergeTexts(english, changes)
  for (const listener of [...listeners]) listener()
}
