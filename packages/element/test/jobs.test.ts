// @vitest-environment happy-dom
import type { JobSummary } from '@tidings/client'
import { expect, test } from 'vitest'
import type { TidingsJobs } from '../src/index.js'
import { drawn, makeJob } from './fake-client.js'
import { all, fake, freshPage, heard, inside, one, put, text } from './page.js'

freshPage()

const filters: [string, string[]][] = [
  ['all', ['Runs', 'Broke', 'Done']],
  ['active', ['Runs']],
  ['failed', ['Broke']],
  ['ended', ['Broke', 'Done']],
  ['of tomorrow', ['Runs', 'Broke', 'Done']],
]

test.each(filters)('the filter %s', async (filter, names) => {
  fake.put(
    makeJob('job_1', { title: 'Done', status: 'completed', endedAt: '2026-11-22T09:59:00Z' }),
    makeJob('job_2', { title: 'Broke', status: 'lost', endedAt: '2026-11-22T09:59:10Z' }),
    makeJob('job_3', { title: 'Runs' }),
  )
  const element = await put('tidings-jobs', { filter })
  expect(text(element, '.row .name')).toEqual(names)
  expect(text(element, '.filter')).toEqual(['All3', 'Running1', 'Failed1', 'Ended2'])
})

test('what else is named narrows the list, and its ends alone are told', async () => {
  const settled = heard<{ job: { id: string } }>('tidings-settled')
  const jobs = (more: Partial<JobSummary>) => [
    makeJob('job_1', { tags: ['eu'], ...more }),
    makeJob('job_2', { tags: ['us'], ...more }),
  ]
  fake.put(...jobs({}))
  const element = await put('tidings-jobs', { task: 'check-links', tag: 'eu' })
  fake.put(...jobs({ rev: 2, status: 'completed' }))
  await fake.pass(100)
  expect(all(element, '.row').map(({ dataset }) => [dataset.job, dataset.rev])).toEqual([['job_1', '2']])
  expect(settled.map(({ job }) => job.id)).toEqual(['job_1'])
})

test('filters are pressed, and the search looks through titles, tasks, tags and errors', async () => {
  fake.put(makeJob('job_1', { title: 'Links', tags: ['nightly'] }), makeJob('job_2', { title: 'Reviews' }))
  const element: TidingsJobs = await put('tidings-jobs')
  const search = one(element, '.search') as HTMLInputElement
  search.value = 'NIGHT'
  search.dispatchEvent(new Event('input'))
  await drawn()
  expect(text(element, '.row .name')).toEqual(['Links'])
  all(element, '.filter')[2].click()
  await drawn()
  expect([element.filter, text(element, '.empty')]).toEqual(['failed', ['No jobs here']])
})

test('at most so many rows are there, and more on demand, from the server when they are not held', async () => {
  fake.put(...Array.from({ length: 60 }, (_, place) => makeJob(`job_${place}`, { status: 'completed' })))
  fake.truncated = true
  fake.older = [makeJob('job_old', { status: 'completed', title: 'Old', endedAt: '2026-11-20T00:00:00Z' })]
  const element = await put('tidings-jobs', { limit: '40' })
  expect(all(element, '.row').length).toBe(40)
  one(element, '.more').click()
  await drawn()
  expect([all(element, '.row').length, fake.listed]).toEqual([61, [{ owner: 'me', limit: 100, cursor: undefined }]])
  expect([text(element, '.row .name').at(-1), all(element, '.more').length]).toEqual(['Old', 0])
})

test('no row moves while the pointer is in the list', async () => {
  fake.put(makeJob('job_1', { title: 'First' }))
  const element = await put('tidings-jobs')
  const row = one(element, '.row')
  const box = one(element, '.groups')
  box.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' }))
  fake.put(makeJob('job_1', { title: 'First', status: 'completed', rev: 2 }), makeJob('job_2', { title: 'Second' }))
  await fake.pass(200)
  expect([all(element, '.row'), text(element, '.chip'), text(element, '.fresh')]).toEqual([
    [row],
    ['completed'],
    ['1 new'],
  ])
  box.dispatchEvent(new PointerEvent('pointerleave'))
  await drawn()
  expect([text(element, '.row .name'), text(element, '.fresh')]).toEqual([['Second', 'First'], []])
})

test('a row is kept while its job is: only what differs is touched', async () => {
  fake.put(makeJob('job_1'), makeJob('job_2'))
  const element = await put('tidings-jobs')
  const rows = all(element, '.row')
  const changes: string[] = []
  const observer = new MutationObserver((records) => {
    for (const { target } of records) changes.push((target as Element).className)
  })
  observer.observe(inside(element), { subtree: true, childList: true, characterData: true, attributes: true })
  fake.put(makeJob('job_2', { progress: { percentage: 10 } }))
  await fake.pass(100)
  observer.disconnect()
  expect(all(element, '.row')).toEqual(rows)
  expect(changes.every((name) => !name.includes('row'))).toBe(true)
  expect(text(element, '.progress-numbers b')).toEqual(['10%'])
})
