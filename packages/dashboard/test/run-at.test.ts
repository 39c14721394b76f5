import { expect, test } from 'vitest'
import { AT_ONCE, runAtOf, type Start } from '../src/run-at.js'

const NOW = Date.parse('2026-11-27T10:00:00Z')

const told: [Partial<Start>, string | undefined][] = [
  [{}, undefined],
  [{ how: 'delay', amount: '90', unit: 'seconds' }, '2026-11-27T10:01:30.000Z'],
  [{ how: 'delay', amount: '2', unit: 'days' }, '2026-11-29T10:00:00.000Z'],
  // What was typed for another way to say it counts for nothing.
  [{ amount: '90', time: '2026-11-27T12:00' }, undefined],
]

test.each(told)('%o starts at %s', (start, runAt) => {
  expect(runAtOf({ ...AT_ONCE, ...start }, NOW)).toBe(runAt)
})

test('a time of a date field is meant where the page is read', () => {
  const runAt = runAtOf({ ...AT_ONCE, how: 'time', time: '2026-11-27T12:00' }, NOW)
  expect(new Date(runAt ?? '').getTime()).toBe(new Date(2026, 10, 27, 12).getTime())
})
