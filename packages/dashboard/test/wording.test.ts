import type { JobSummary } from '@tidings/client'
import { expect, test } from 'vitest'
import { durationText, elapsed, eventText, itemsText, saysWhy, shortId, wishText } from '../src/wording.js'

const AT = '2026-11-22T10:00:00Z'
const NOW = Date.parse(AT) + 12_000
/** A job as far as the wording reads it. */
const job = (more: Partial<JobSummary>) =>
  ({
    ...{ id: 'job_1', task: 'check', mode: 'process', status: 'running', rev: 1, createdAt: AT, startedAt: AT },
    ...more,
  }) as JobSummary

const durations: [number, string][] = [
  [0, '0 ms'],
  [850, '850 ms'],
  [59_999, '59 s'],
  [80_000, '1 min 20 s'],
  [3_725_000, '1 h 02 min'],
  [200_000_000, '2 d 07 h'],
  [-5, '0 s'],
]

test.each(durations)('%i ms reads as %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text)
})

const runs: [string, Partial<JobSummary>, number | undefined][] = [
  ['has not started', { startedAt: undefined }, undefined],
  ['runs, and the server said how long', { ranMs: 5_000, updatedAt: AT }, 17_000],
  ['is paused: its time stands', { status: 'paused', ranMs: 5_000, updatedAt: AT }, 5_000],
  ['ended', { status: 'completed', endedAt: AT, ranMs: 700 }, 700],
  ['runs, and only its start is known', {}, 12_000],
  ['started by a clock that is ahead', { startedAt: '2026-11-22T11:00:00Z' }, 0],
]

test.each(runs)('a job that %s', (_, more, milliseconds) => {
  expect(elapsed(job(more), NOW)).toBe(milliseconds)
})

const wishes: [string, Partial<JobSummary>, string | undefined][] = [
  ['nothing', {}, undefined],
  ['none', { wish: { kind: 'none', number: 2 } }, undefined],
  ['just now', { wish: { kind: 'pause', number: 1, at: new Date(NOW).toISOString() } }, 'pausing…'],
  ['a while ago', { wish: { kind: 'abort', number: 1, at: AT } }, 'aborting… asked 12 s ago'],
]

test.each(wishes)('a wish: %s', (_, more, text) => {
  expect(wishText(job(more), NOW)).toBe(text)
})

test('items and ids', () => {
  expect([itemsText(340, 1200), itemsText(340, undefined), itemsText(undefined, 3)]).toEqual([
    '340 / 1,200',
    '340',
    undefined,
  ])
  expect([shortId('job_01jd9v3k5efx4b8n6w2q7r0mzt'), shortId('job_1')]).toEqual(['…2q7r0mzt', 'job_1'])
})

const told: [Parameters<typeof eventText>[0], string][] = [
  [{ kind: 'wished', wish: 'pause' }, 'Pause asked'],
  [{ kind: 'wished', wish: 'kill' }, 'Kill asked'],
  [{ kind: 'wished' }, 'Wish changed'],
  [{ kind: 'reopened' }, 'reopened'],
]

test.each(told)('an event %o reads as %s', (event, text) => {
  expect(eventText(event)).toBe(text)
})

const reasons: [string, Partial<JobSummary>, boolean][] = [
  ['none', {}, false],
  ['how it was paused', { status: 'paused', reason: 'freeze' }, false],
  ['why it waits', { status: 'paused', reason: 'before_start' }, true],
  ['the class of an error that is shown', { reason: 'error', error: { kind: 'error', message: 'no' } }, false],
]

test.each(reasons)('whether a row shows a reason: %s', (_, more, shown) => {
  expect(saysWhy(job(more))).toBe(shown)
})
