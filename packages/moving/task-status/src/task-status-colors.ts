/**
 * How a status of a task looks, everywhere: badges, borders, calendar events. The one table of colours.
 * Collaborators: none. The class names are whole words, so that Tailwind finds them in this file.
 */
import type { KnownStatus } from '@tidings/client'

/** Names of icons, as Lucide has them. */
export type StatusIcon =
  | 'Clock'
  | 'Play'
  | 'CheckCircle'
  | 'XCircle'
  | 'CalendarClock'
  | 'Pause'
  | 'Hourglass'
  | 'RotateCcw'
  | 'Ban'
  | 'AlarmClock'
  | 'CircleHelp'

export interface TaskStatusColors {
  /** Tailwind class of the ground. */
  bg: string
  /** Tailwind class of the border. */
  border: string
  /** Tailwind class of the words. */
  text: string
  /** Of calendar events and dots, as `#RRGGBB`. */
  hex: string
  /** What a badge says. */
  badge: string
  icon: StatusIcon
}

type Told = KnownStatus | 'disabled'

const blue = { bg: 'bg-blue-50', border: 'border-blue-300', text: 'text-blue-700' }
const yellow = { bg: 'bg-yellow-50', border: 'border-yellow-300', text: 'text-yellow-700' }
const green = { bg: 'bg-green-50', border: 'border-green-300', text: 'text-green-700' }
const red = { bg: 'bg-red-50', border: 'border-red-300', text: 'text-red-700' }
const violet = { bg: 'bg-violet-50', border: 'border-violet-300', text: 'text-violet-700' }
const slate = { bg: 'bg-slate-50', border: 'border-slate-300', text: 'text-slate-700' }
const cyan = { bg: 'bg-cyan-50', border: 'border-cyan-300', text: 'text-cyan-700' }
const orange = { bg: 'bg-orange-50', border: 'border-orange-300', text: 'text-orange-700' }
const stone = { bg: 'bg-stone-50', border: 'border-stone-300', text: 'text-stone-700' }
const pink = { bg: 'bg-pink-50', border: 'border-pink-300', text: 'text-pink-700' }
const fuchsia = { bg: 'bg-fuchsia-50', border: 'border-fuchsia-300', text: 'text-fuchsia-700' }

/** Every status of a job, and `disabled`, which a schedule may be. */
export const TASK_STATUS_COLORS: Readonly<Record<Told, TaskStatusColors>> = {
  scheduled: { ...violet, hex: '#8B5CF6', badge: 'Scheduled', icon: 'CalendarClock' },
  pending: { ...blue, hex: '#3B82F6', badge: 'Pending', icon: 'Clock' },
  running: { ...yellow, hex: '#F59E0B', badge: 'Running', icon: 'Play' },
  paused: { ...slate, hex: '#64748B', badge: 'Paused', icon: 'Pause' },
  waiting: { ...cyan, hex: '#06B6D4', badge: 'Waiting', icon: 'Hourglass' },
  retrying: { ...orange, hex: '#F97316', badge: 'Retrying', icon: 'RotateCcw' },
  completed: { ...green, hex: '#10B981', badge: 'Completed', icon: 'CheckCircle' },
  failed: { ...red, hex: '#EF4444', badge: 'Failed', icon: 'XCircle' },
  aborted: { ...stone, hex: '#78716C', badge: 'Aborted', icon: 'Ban' },
  timed_out: { ...pink, hex: '#DB2777', badge: 'Timed out', icon: 'AlarmClock' },
  lost: { ...fuchsia, hex: '#A21CAF', badge: 'Lost', icon: 'CircleHelp' },
  disabled: { ...slate, hex: '#64748B', badge: 'Disabled', icon: 'Pause' },
}

const UNKNOWN: TaskStatusColors = { ...TASK_STATUS_COLORS.pending, badge: 'Unknown' }

/**
 * Class names, colour, words and icon of a status. One that is not known looks like `pending` and says "Unknown".
 *
 * @example
 * const { bg, border, text, badge } = getTaskStatusColors('running') // bg-yellow-50, border-yellow-300, text-yellow-700, Running
 */
export function getTaskStatusColors(status: string): TaskStatusColors {
  return Object.hasOwn(TASK_STATUS_COLORS, status) ? TASK_STATUS_COLORS[status as Told] : UNKNOWN
}

/**
 * The colour of a calendar event, as `#RRGGBB`.
 *
 * @example
 * getCalendarEventColor('completed') // '#10B981'
 */
export function getCalendarEventColor(status: string): string {
  return getTaskStatusColors(status).hex
}

/** What a badge says. */
export function getStatusBadgeText(status: string): string {
  return getTaskStatusColors(status).badge
}

/** Name of the icon, as Lucide has it. */
export function getStatusIcon(status: string): StatusIcon {
  return getTaskStatusColors(status).icon
}
