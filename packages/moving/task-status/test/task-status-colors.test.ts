import { STATUSES } from '@tidings/client'
import { expect, test } from 'vitest'
import {
  getCalendarEventColor,
  getStatusBadgeText,
  getStatusIcon,
  getTaskStatusColors,
  TASK_STATUS_COLORS,
} from '../src/index.js'

test('one table says how each status looks', () => {
  const rows = [...STATUSES, 'disabled'].map((status) => {
    const { bg, border, text } = getTaskStatusColors(status)
    const said = [getCalendarEventColor(status), getStatusBadgeText(status), getStatusIcon(status)]
    return `${status}: ${[bg, border, text, ...said].join(' ')}`
  })
  expect(rows).toEqual([
    'scheduled: bg-violet-50 border-violet-300 text-violet-700 #8B5CF6 Scheduled CalendarClock',
    'pending: bg-blue-50 border-blue-300 text-blue-700 #3B82F6 Pending Clock',
    'running: bg-yellow-50 border-yellow-300 text-yellow-700 #F59E0B Running Play',
    'paused: bg-slate-50 border-slate-300 text-slate-700 #64748B Paused Pause',
    'waiting: bg-cyan-50 border-cyan-300 text-cyan-700 #06B6D4 Waiting Hourglass',
    'retrying: bg-orange-50 border-orange-300 text-orange-700 #F97316 Retrying RotateCcw',
    'completed: bg-green-50 border-green-300 text-green-700 #10B981 Completed CheckCircle',
    'failed: bg-red-50 border-red-300 text-red-700 #EF4444 Failed XCircle',
    'aborted: bg-stone-50 border-stone-300 text-stone-700 #78716C Aborted Ban',
    'timed_out: bg-pink-50 border-pink-300 text-pink-700 #DB2777 Timed out AlarmClock',
    'lost: bg-fuchsia-50 border-fuchsia-300 text-fuchsia-700 #A21CAF Lost CircleHelp',
    'disabled: bg-slate-50 border-slate-300 text-slate-700 #64748B Disabled Pause',
  ])
  expect(Object.keys(TASK_STATUS_COLORS)).toEqual([...STATUSES, 'disabled'])
})

test.each(['of_tomorrow', '', 'constructor'])(
  'a status that is not known, %j, looks like pending and says so',
  (status) => {
    expect(getTaskStatusColors(status)).toEqual({ ...TASK_STATUS_COLORS.pending, badge: 'Unknown' })
    expect(getCalendarEventColor(status)).toBe('#3B82F6')
  },
)
