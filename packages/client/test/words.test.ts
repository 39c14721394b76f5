import { afterEach, expect, test } from 'vitest'
import { TidingsProblem } from '../src/problem.js'
import type { JobSummary } from '../src/records.js'
import {
  connectionText,
  countText,
  durationText,
  elapsed,
  endedText,
  english,
  itemsText,
  manyEndedText,
  mergeTexts,
  percentText,
  problemText,
  reasonText,
  saysWhy,
  setTexts,
  shortId,
  signOf,
  statusText,
  texts,
  timeText,
  verbText,
  wishText,
} from '../src/words.js'
import { job } from './world.js'

const AT = '2026-11-22T10:00:00Z'
const NOW = Date.parse(AT) + 12_000

afterEach(() => setTexts({}))

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
  ['runs, and only its start is known', { ranMs: undefined }, 12_000],
  ['started by a clock that is ahead', { ranMs: undefined, startedAt: '2026-11-22T11:00:00Z' }, 0],
]

test.each(runs)('a job that %s', (_, more, milliseconds) => {
  expect(elapsed(job('a', 1, { startedAt: AT, ...more }), NOW)).toBe(milliseconds)
})

const wishes: [string, Partial<JobSummary>, string | undefined][] = [
  ['nothing', {}, undefined],
  ['none', { wish: { kind: 'none', number: 2 } }, undefined],
  ['just now', { wish: { kind: 'pause', number: 1, at: new Date(NOW).toISOString() } }, 'pausing…'],
  ['a while ago', { wish: { kind: 'abort', number: 1, at: AT } }, 'aborting… asked 12 s ago'],
]

test.each(wishes)('a wish: %s', (_, more, text) => {
  expect(wishText(job('a', 1, more), NOW)).toBe(text)
})

const reasons: [string, Partial<JobSummary>, boolean][] = [
  ['none', {}, false],
  ['how it was paused', { status: 'paused', reason: 'freeze' }, false],
  ['why it waits', { status: 'paused', reason: 'before_start' }, true],
  ['the class of an error that is shown', { reason: 'error', error: { kind: 'error', message: 'no' } }, false],
]

test.each(reasons)('whether a row shows a reason: %s', (_, more, shown) => {
  expect(saysWhy(job('a', 1, more))).toBe(shown)
})

const read: [string | undefined, string | undefined][] = [
  [statusText('timed_out'), 'timed out'],
  [statusText('of_tomorrow'), 'of tomorrow'],
  [signOf('of_tomorrow'), 'unknown'],
  [signOf('lost'), 'lost'],
  [verbText('run-now'), 'Run now'],
  [reasonText('no_worker'), 'no worker'],
  [reasonText('freeze'), 'frozen in place'],
  [shortId('job_01jd9v3k5efx4b8n6w2q7r0mzt'), '…2q7r0mzt'],
  [shortId('job_1'), 'job_1'],
  [itemsText(340, 1200, mergeTexts(english, { locale: 'en' })), '340 / 1,200'],
  [itemsText(340, undefined), '340'],
  [itemsText(undefined, 3), undefined],
  [endedText(job('a', 1, { title: 'Links', status: 'lost' })), 'Links: lost.'],
  [manyEndedText({ completed: 10, timed_out: 2 }), '12 jobs ended: 10 completed, 2 timed out.'],
  [percentText(99.9, { locale: 'en' }), '99%'],
  [percentText(41, { locale: 'de' }), '41\u00a0%'],
]

test.each(read)('reads as %s', (text, wanted) => {
  expect(text).toBe(wanted)
})

test('the date is shown when it is not today', () => {
  const words = mergeTexts(english, { locale: 'en-GB' })
  const day = 24 * 3_600_000
  expect(timeText(AT, NOW, words)).toMatch(/^\d\d:\d\d$/)
  expect(timeText(AT, NOW + 3 * day, words)).toMatch(/Nov/)
})

const states: [{ state: string; since: number; reason?: string }, RegExp][] = [
  [{ state: 'live', since: NOW }, /^Live$/],
  [{ state: 'catchingUp', since: NOW }, /^Catching up…$/],
  [{ state: 'offline', since: NOW }, /^Offline since \d/],
  [{ state: 'stopped', since: NOW, reason: 'unauthenticated' }, /^Not connected: signed out$/],
  [{ state: 'stopped', since: NOW, reason: 'of_tomorrow' }, /^Not connected: of tomorrow$/],
  [{ state: 'stopped', since: NOW }, /^Not connected$/],
]

test.each(states)('a connection %o', (state, text) => {
  expect(connectionText(state, NOW)).toMatch(text)
})

test('a problem says what the server said, unless its code has a text', () => {
  const problem = new TidingsProblem({ code: 'not_allowed', status: 409, title: 'Not now.', detail: 'It is paused.' })
  expect(problemText(problem)).toBe('Not now. It is paused.')
  expect(problemText(problem, { problems: { not_allowed: 'Jetzt nicht.' } })).toBe('Jetzt nicht.')
  expect(problemText(new Error('offline'))).toBe('offline')
  expect(problemText('no')).toBe('no')
})

const unreached: [string, number][] = [
  ['unreachable', 0],
  ['http_502', 502],
  ['http_503', 503],
  ['http_504', 504],
]

test.each(unreached)('%s reads as one sentence, which can be replaced', (code, status) => {
  const problem = new TidingsProblem({ code, status, title: `The server answered ${status}.` })
  expect(problemText(problem)).toBe('Tidings cannot be reached. Try again in a moment.')
  setTexts({ problems: { unreachable: 'Niemand da.' } })
  expect(problemText(problem)).toBe('Niemand da.')
  expect(problemText(problem, { problems: { [code]: 'Gleich.' } })).toBe('Gleich.')
})

test('plurals and numbers follow the locale', () => {
  const polish = { one: 'zadanie', few: 'zadania', many: 'zadań', other: 'zadania' }
  expect([1, 3, 7].map((count) => countText(count, polish, { locale: 'pl' }))).toEqual([
    '1 zadanie',
    '3 zadania',
    '7 zadań',
  ])
  setTexts({ locale: 'de' })
  expect(texts.getSnapshot().running(1204)).toBe('1.204 running')
})

test('texts are replaced one by one, listeners are told, and nothing named is English again', () => {
  const told: string[] = []
  const end = texts.subscribe(() => told.push(verbText('abort')))
  setTexts({ verbs: { abort: 'Stop' }, statuses: { running: 'läuft' } })
  expect([verbText('abort'), verbText('pause'), statusText('running')]).toEqual(['Stop', 'Pause', 'läuft'])
  setTexts({ statuses: { running: 'läuft' } })
  end()
  setTexts({})
  expect(told).toEqual(['Stop', 'Abort'])
  expect(english.verbs.abort).toBe('Abort')
})
