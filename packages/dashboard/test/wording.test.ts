import type { JobSummary } from '@tidings/client'
import { expect, test } from 'vitest'
import { sentence } from '../src/settled-announcer.js'
import { apartText, countText, elsewhereText, eventText, fullNameOf, nameOf } from '../src/wording.js'

const told: [Parameters<typeof eventText>[0], string][] = [
  [{ kind: 'wished', wish: 'pause' }, 'Pause asked'],
  [{ kind: 'wished', wish: 'kill' }, 'Kill asked'],
  [{ kind: 'wished' }, 'Wish changed'],
  [{ kind: 'reopened' }, 'reopened'],
]

test.each(told)('an event %o reads as %s', (event, text) => {
  expect(eventText(event)).toBe(text)
})

test('a count has the word that fits', () => {
  expect([countText(1, 'job', 'jobs'), countText(1200, 'job', 'jobs')]).toEqual(['1 job', '1,200 jobs'])
})

const job = (more: Partial<JobSummary>) => ({ id: 'job_1', task: 'report', mode: 'worker', ...more }) as JobSummary

const named: [Partial<JobSummary>, string, string | undefined][] = [
  [{}, 'report', undefined],
  [{ externalId: '7' }, 'report', '7'],
  [{ externalId: '7', title: 'report' }, 'report', '7'],
  [{ externalId: '7', title: 'October' }, 'October', undefined],
  [{ externalId: 'report' }, 'report', undefined],
  [{ mode: 'mirrored', externalId: '7' }, '7', undefined],
  [{ mode: 'mirrored', externalId: '7', title: 'report' }, 'report', '7'],
  [{ mode: 'mirrored', externalId: '7', title: 'October' }, 'October', '7'],
  [{ mode: 'mirrored', externalId: '7', title: '7' }, '7', undefined],
  [{ mode: 'mirrored' }, 'report', undefined],
]

test.each(named)('a job with %o is called %s, and told apart by %s', (more, name, apart) => {
  expect([nameOf(job(more)), apartText(job(more))]).toEqual([name, apart])
  expect(fullNameOf(job(more))).toBe(apart ? `${name} ${apart}` : name)
})

test('ends of jobs of one title are told apart', () => {
  const ended = ['1', '2'].map((externalId) =>
    job({ mode: 'mirrored', title: 'report', status: 'completed', externalId }),
  )
  expect(sentence(ended)).toBe('report 1: completed. report 2: completed.')
})

const elsewhere: [JobSummary['mode'], JobSummary['status'], string | undefined][] = [
  ['worker', 'running', undefined],
  ['mirrored', 'running', 'Another system runs this job and says how it goes.'],
  ['mirrored', 'completed', 'Another system ran this job and said how it went.'],
  ['mirrored', 'lost', 'Another system runs this job, and is not heard any more.'],
]

test.each(elsewhere)('of a %s job that is %s it is said: %s', (mode, status, words) => {
  expect(elsewhereText(job({ mode, status }))).toBe(words)
})
