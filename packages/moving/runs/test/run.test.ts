import { STATUSES } from '@tidings/client'
import { expect, test } from 'vitest'
import { job } from '../../../client/test/world.js'
import { ACTIVE_STATUSES, RUN_STATUSES, runOf, runStatusOf } from '../src/index.js'
import { isActive } from '../src/run.js'
import { runDuration, startTime, statusWord, taskName } from '../src/run-words.js'
import { signOfRun, toneOf } from '../src/signs.js'

test('each status of a job has its word, its sign and its tone', () => {
  const rows = STATUSES.map((status) => {
    const word = runStatusOf(status)
    const counts = ACTIVE_STATUSES.includes(word) ? 'active' : 'ended'
    return `${status}: ${word}, ${counts}, ${signOfRun(word)}, ${toneOf(word)}`
  })
  expect(rows).toEqual([
    'scheduled: DELAYED, active, clock, neutral',
    'pending: QUEUED, active, clock, warning',
    'running: EXECUTING, active, spinner, primary',
    'paused: FROZEN, active, clock, neutral',
    'waiting: FROZEN, active, clock, neutral',
    'retrying: REATTEMPTING, active, spinner, warning',
    'completed: COMPLETED, ended, check, success',
    'failed: FAILED, ended, cross, error',
    'aborted: CANCELED, ended, slash, neutral',
    'timed_out: TIMED_OUT, ended, cross, error',
    'lost: CRASHED, ended, cross, error',
  ])
  expect(Object.keys(RUN_STATUSES)).toEqual(STATUSES)
})

test('a status of a newer server counts as active', () => {
  const run = runOf(job('a', 1, { status: 'of_tomorrow' }))
  expect([run.status, isActive(run)]).toEqual(['EXECUTING', true])
})

test('a run has the fields that pages know', () => {
  const error = { kind: 'exit', message: 'Code 1' }
  const end = { status: 'failed', startedAt: '2026-11-22T10:00:10Z', endedAt: '2026-11-22T10:02:00Z', error }
  const { job: _, ...run } = runOf(job('job_1', 4, { ...end, externalId: 'run_1', tags: ['user:ann'] }))
  expect(run).toEqual({
    id: 'run_1',
    taskIdentifier: 'check',
    status: 'FAILED',
    startedAt: '2026-11-22T10:00:10Z',
    finishedAt: '2026-11-22T10:02:00Z',
    error,
    tags: ['user:ann'],
    isTest: false,
  })
  const { job: __, ...queued } = runOf(job('job_2', 1, { status: 'pending' }))
  expect(queued).toEqual({
    id: 'job_2',
    taskIdentifier: 'check',
    status: 'QUEUED',
    startedAt: '2026-11-22T10:00:00Z',
    tags: [],
    isTest: false,
  })
})

test.each([
  ['generate-weekly-report', 'Generate Weekly Report'],
  ['sync_strava', 'Sync Strava'],
  ['reports.generate:all', 'Reports Generate All'],
  ['a', 'A'],
  ['--', '--'],
])('the task %s reads as %s', (task, name) => {
  expect(taskName(task)).toBe(name)
})

test.each([
  ['running', 9_000, '2026-11-22T10:00:42Z', '9s'],
  ['running', 185_000, '2026-11-22T10:00:42Z', '3m 5s'],
  ['running', 4_500_000, '2026-11-22T10:00:42Z', '1h 15m'],
])('a run that is %s and ran %d ms shows %s as %s', (status, ranMs, updatedAt, said) => {
  const of = { status, ranMs, updatedAt, startedAt: '2026-11-22T10:00:10Z' }
  expect(runDuration(runOf(job('a', 2, of)), Date.parse(updatedAt))).toBe(said)
})

test('a run that waits shows how long it waits, one that never started nothing, a paused one stands still', () => {
  const now = Date.parse('2026-11-22T10:01:30Z')
  const shown = (more: object) => runDuration(runOf(job('a', 2, more)), now)
  expect(shown({ status: 'pending' })).toBe('1m 30s')
  expect(shown({ status: 'aborted', endedAt: '2026-11-22T10:01:00Z' })).toBe('')
  const paused = { status: 'paused', ranMs: 7_000, startedAt: '2026-11-22T10:00:10Z' }
  expect(shown({ ...paused, updatedAt: '2026-11-22T10:00:20Z' })).toBe('7s')
})

test('times and statuses in words', () => {
  const noon = new Date(2026, 10, 22, 15, 7).toISOString()
  expect(startTime(noon, 'en-US')).toBe('3:07 PM')
  expect(statusWord('TIMED_OUT', { statuses: {} })).toBe('TIMED OUT')
  expect(statusWord('FAILED', { statuses: { FAILED: 'gescheitert' } })).toBe('gescheitert')
})
