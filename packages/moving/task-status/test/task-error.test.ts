import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorOf } from '../src/task-error.js'

const said = { kind: 'error', message: 'no disk' }
const nothing = { kind: 'error', message: '' }

test.each([
  ['failed', 'process', undefined, 'It failed without saying why'],
  ['aborted', 'process', undefined, 'Cancelled before it was done'],
  ['timed_out', 'process', undefined, 'Timed out before it was done'],
  ['lost', 'process', undefined, 'Lost: how it went is not known'],
  ['failed', 'process', nothing, 'It failed without saying why'],
  ['failed', 'process', said, 'no disk'],
  ['aborted', 'process', said, 'Cancelled: no disk'],
  ['timed_out', 'mirrored', said, 'Timed out: no disk'],
  ['lost', 'mirrored', said, 'Lost: no disk'],
  ['retrying', 'process', said, 'no disk'],
  ['running', 'process', said, undefined],
  ['running', 'mirrored', said, 'no disk'],
  ['running', 'mirrored', nothing, undefined],
  ['completed', 'process', said, undefined],
  ['completed', 'mirrored', said, 'no disk'],
] as const)('%s, %s, %o reads as %s', (status, mode, error, sentence) => {
  expect(errorOf({ status, mode, error })).toBe(sentence)
})

test('the sentences are those of the REST routes', () => {
  const dialects = new URL('../../../../crates/dialects/src/', import.meta.url)
  const [usual, ends] = ['told.rs', 'dialect/task_status/facts.rs'].map((name) =>
    readFileSync(new URL(name, dialects), 'utf8'),
  )
  const unsaid = (status: string) => errorOf({ status, mode: 'process' } as Parameters<typeof errorOf>[0])
  expect(usual.match(/Status::Failed => "(.+)"/)?.[1]).toBe(unsaid('failed'))
  const told = [...ends.matchAll(/Status::(\w+) => \("(.+)", "(.+)"\)/g)].map((found) => found.slice(1))
  expect(told).toEqual([
    ['Aborted', 'Cancelled', unsaid('aborted')],
    ['TimedOut', 'Timed out', unsaid('timed_out')],
    ['Lost', 'Lost', unsaid('lost')],
  ])
})
