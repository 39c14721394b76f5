// @vitest-environment happy-dom
import type { JobSummary } from '@tidings/client'
import { expect, test } from 'vitest'
import { FakeStorage } from '../../client/test/browser.js'
import { Play } from '../../client/test/play.js'
import { job, World } from '../../client/test/world.js'
import type { TidingsButton } from '../src/index.js'
import { drawn, makeJob, refusedBecause } from './fake-client.js'
import { all, fake, freshPage, heard, inside, one, put, text } from './page.js'
import { screenOf } from './screen.js'

freshPage()

test('a button starts its task and becomes its job', async () => {
  const started = heard<{ job: { id: string } }>('tidings-started')
  const element = await put('tidings-button', {
    task: 'check-links',
    input: '{"folder":"site"}',
    'subject-type': 'site',
    'subject-id': 'docs',
    'job-title': 'Links',
    tags: 'nightly eu',
  })
  one(element, '.starter').focus()
  one(element, '.starter').click()
  await fake.pass(100)
  expect(fake.submitted).toEqual([
    {
      task: 'check-links',
      input: { folder: 'site' },
      subject: { type: 'site', id: 'docs' },
      title: 'Links',
      tags: ['nightly', 'eu'],
    },
  ])
  expect(started.map(({ job }) => job.id)).toEqual(['job_new1'])
  expect([all(element, '.starter').length, text(element, '.chip')]).toEqual([0, ['pending']])
  expect(inside(element).activeElement?.className).toContain('verb-pause')
})

test('a button shows the end of its job, and starts again', async () => {
  const element: TidingsButton = await put('tidings-button', { task: 'check-links' })
  const settled = heard('tidings-settled')
  await element.start()
  fake.put(makeJob('job_new1', { status: 'completed', rev: 2, link: '/results/1' }))
  await fake.pass(200)
  expect([text(element, '.chip'), text(element, '.card-foot > .button')]).toEqual([
    ['completed'],
    ['View', 'Start again'],
  ])
  expect(settled.length).toBe(1)
  one(element, '.card-foot > button').click()
  await fake.pass(200)
  expect([fake.submitted.length, text(element, '.chip')]).toEqual([2, ['pending']])
})

test('after an end there is one way to start again', async () => {
  const element: TidingsButton = await put('tidings-button', { task: 'check-links', verbs: 'retry rerun' })
  await element.start()
  for (const status of ['completed', 'failed']) {
    fake.put(makeJob('job_new1', { status, rev: status === 'failed' ? 3 : 2 }))
    await fake.pass(200)
    expect([text(element, '.chip'), text(element, '.card-foot .button')]).toEqual([[status], ['Start again']])
  }
})

test('a start that was refused says so until the connection is live again', async () => {
  const element: TidingsButton = await put('tidings-button', { task: 'check-links' })
  fake.refusal = refusedBecause('Too many.')
  await element.start()
  await drawn()
  expect(text(element, '.refusal')).toEqual(['Start: Not now. Too many.'])
  for (const state of ['offline', 'live'] as const) {
    fake.connection.set({ state, since: fake.time })
    await drawn()
  }
  expect(text(element, '.refusal')).toEqual([])
})

test('a button takes up a job that runs for its session when the page is loaded again, and no ended one', async () => {
  fake.put(makeJob('job_1', { session: 's', status: 'completed' }))
  const element = await put('tidings-button', { task: 'check-links', session: 's' })
  expect(all(element, '.starter').length).toBe(1)
  fake.put(makeJob('job_2', { session: 's' }))
  await fake.pass(200)
  expect([all(element, '.starter').length, text(element, '.chip')]).toEqual([0, ['running']])
  fake.put(makeJob('job_2', { session: 's', status: 'failed', rev: 2 }))
  await fake.pass(200)
  expect(text(element, '.chip')).toEqual(['failed'])
})

test('a button that is refused, or given no JSON, says so and stays a button', async () => {
  const refused = heard<{ verb: string }>('tidings-refused')
  const element = await put('tidings-button', { task: 'check-links', input: '{' })
  one(element, '.starter').click()
  await drawn()
  fake.refusal = refusedBecause('There are too many.')
  element.input = { folder: 'site' }
  one(element, '.starter').click()
  await drawn()
  expect(text(element, '.refusal')).toEqual(['Start: Not now. There are too many.'])
  expect(refused.map(({ verb }) => verb)).toEqual(['submit', 'submit'])
  element.disabled = true
  await drawn()
  expect([one(element, '.starter').getAttribute('aria-disabled'), await element.start()]).toEqual(['true', undefined])
})

test('before anybody is known a button keeps its room and shows nothing', async () => {
  fake.who.set(undefined)
  fake.connection.set({ state: 'connecting', since: 0 })
  const element = await put('tidings-button', { task: 'check-links' })
  expect(inside(element).querySelector('.body')?.hasAttribute('data-unknown')).toBe(true)
})

/** Whether the tab is the same, what the server holds by then, and what the button shows and tells. */
const returns: [string, boolean, JobSummary[], string[], string[]][] = [
  ['in its tab: the job that runs', true, [job('a', 2)], ['a@2'], []],
  ['in its tab: the job that has ended', true, [failed('a', 12)], ['a@9'], ['a failed 1']],
  ['in another: the job that runs', false, [job('a', 2)], ['a@2'], []],
  ['in another: the job that has ended', false, [failed('a', 12)], ['a@9'], ['a failed 1']],
  ['in another: what runs, rather than what has ended', false, [failed('a', 12), job('b', 1)], ['b@1'], []],
  ['in another: nothing of another task', false, [failed('c', 12, 'report')], [], []],
]

test.each(returns)('a page that is come back to %s', async (_, sameTab, held, shown, told) => {
  for (const hookFirst of [false, true]) {
    const [session, local] = [new FakeStorage(), new FakeStorage()]
    const button = screenOf('tidings-button', { task: 'check' })
    const before = new Play(button, new World({ session, local }))
    await before.follow(failed('old', 11), job('a', 1))
    expect(before.driver.jobs()).toEqual(['a@1'])
    before.world.hide()
    await before.unmount()
    const after = new Play(button, new World({ local, ...(sameTab && { session }) }))
    await after.mount()
    await after.open()
    const snapshot = { type: 'snapshot', jobs: [failed('old', 11), ...held] }
    const live = { type: 'live', position: 'p9', resumed: false, reason: 'expired' }
    const waiting = after.subscriptions()
    for (const id of hookFirst ? waiting.reverse() : waiting) await after.say({ ...snapshot, id }, { ...live, id })
    expect([after.driver.jobs(), after.driver.settled()]).toEqual([shown, told])
    await after.unmount()
  }
})

function failed(id: string, hour: number, task = 'check'): JobSummary {
  return job(id, 9, { task, status: 'failed', settlement: 1, endedAt: `2026-11-22T${hour}:00:00Z` })
}
