/** When a job is to start, as somebody says it in a form. Collaborators: the form. No clock: `now` is handed in. */

export type How = 'now' | 'delay' | 'time'

export const UNITS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const

export interface Start {
  how: How
  /** Digits, as they were typed. */
  amount: string
  unit: keyof typeof UNITS
  /** Local time without a zone, as a date field has it. */
  time: string
}

export const AT_ONCE: Start = { how: 'now', amount: '', unit: 'minutes', time: '' }

/** RFC 3339 in UTC; undefined for at once. `now` is in milliseconds since 1970. */
export function runAtOf({ how, amount, unit, time }: Start, now: number): string | undefined {
  if (how === 'delay') return new Date(now + Number(amount) * UNITS[unit]).toISOString()
  if (how === 'time') return new Date(time).toISOString()
  return undefined
}
