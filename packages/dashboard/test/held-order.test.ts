import type { JobSummary } from '@tidings/client'
import { expect, test } from 'vitest'
import { chooseJobs, withOlder } from '../src/choose-jobs.js'
import { HeldOrder } from '../src/held-order.js'
import { sentence } from '../src/settled-announcer.js'

/** A job as far as the order and the sentences read it. */
const job = (id: string, status = 'running', more: Partial<JobSummary> = {}) =>
  ({
    ...{ id, status, task: 'check', mode: 'process', rev: 1, createdAt: `2026-11-22T10:00:0${id.length}Z` },
    ...more,
  }) as JobSummary

function shown(order: HeldOrder, wanted: JobSummary[], hold: boolean, all: JobSummary[] = wanted, key = ''): string {
  const { rows, fresh } = order.arrange(wanted, (id) => all.find((each) => each.id === id), key, hold)
  return `${rows.map((row) => (row.gone ? `(${row.job.id})` : row.job.id)).join(' ')} +${fresh}`
}

test('rows stand still while held, and follow when let go', () => {
  const order = new HeldOrder()
  const [a, b, c] = [job('a'), job('b'), job('c')]
  expect(shown(order, [b, a], false)).toBe('b a +0')
  expect(shown(order, [c, b, a], true)).toBe('b a +1')
  expect(shown(order, [c, a], true)).toBe('(b) a +1')
  expect(shown(order, [c, a], true, [c, b, a])).toBe('b a +1')
  expect(shown(order, [c, a], false)).toBe('c a +0')
})

test('asking for what is new shows it though held', () => {
  const order = new HeldOrder()
  shown(order, [job('a')], false)
  order.release()
  expect(shown(order, [job('b'), job('a')], true)).toBe('b a +0')
})

test('another filter is another list', () => {
  const order = new HeldOrder()
  shown(order, [job('a')], false, [], 'one')
  expect(shown(order, [job('b')], true, [job('b')], 'two')).toBe('b +0')
})

const filters: [string, object, string][] = [
  ['nothing', {}, 'a b c'],
  ['a status', { status: 'failed' }, 'b'],
  ['active', { status: 'active' }, 'a c'],
  ['a task', { task: 'other' }, 'c'],
  ['text in a tag, whatever case', { text: ' NIGHT ' }, 'b'],
]

test.each(filters)('filter: %s', (_, filter, expected) => {
  const jobs = [job('a'), job('b', 'failed', { tags: ['nightly'] }), job('c', 'new_status', { task: 'other' })]
  expect(
    chooseJobs(jobs, { status: '', task: '', text: '', ...filter })
      .map((each) => each.id)
      .join(' '),
  ).toBe(expected)
})

test('older pages add what is not held', () => {
  const held = job('aaa', 'running')
  expect(withOlder([held], [job('aaa', 'failed'), job('b')]).map((each) => each.id + each.status)).toEqual([
    'aaarunning',
    'brunning',
  ])
})

test('few ends are named, many are counted', () => {
  expect(sentence([job('a', 'completed', { title: 'Report' })])).toBe('Report: completed.')
  expect(sentence([job('a', 'completed'), job('b', 'timed_out'), job('c', 'completed')])).toBe(
    '3 jobs ended: 2 completed, 1 timed out.',
  )
})
