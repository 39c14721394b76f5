// @vitest-environment happy-dom
import { TidingsProblem } from '@tidings/client'
import { expect, test } from 'vitest'
import { drawn, makeJob, refusedBecause } from './fake-client.js'
import { all, fake, freshPage, heard, inside, one, put, text } from './page.js'

freshPage()

test('a job shows what it is, how far, and what may be asked', async () => {
  const progress = { percentage: 41.9, current: 340, total: 1200, message: 'Reading', failed: 2 }
  fake.put(makeJob('job_1', { title: 'Links', progress, tags: ['nightly'], attempt: 2 }))
  const element = await put('tidings-job', { job: 'job_1' })
  expect(text(element, '.name')).toEqual(['Links'])
  expect(text(element, '.chip')).toEqual(['running'])
  expect(text(element, '.progress-numbers > *')).toEqual(['2 failed', '340 / 1,200', '41%'])
  expect(text(element, '.facts > *')).toEqual(['check-links', 'attempt 2', 'job_1', 'nightly'])
  expect(text(element, '.verbs .button')).toEqual(['Pause', 'Abort'])
  expect(text(element, '.elapsed')).toEqual(['1 min 50 s'])
  expect(text(element, '.note')).toEqual(['You can leave this page. The job goes on.'])
  const bar = one(element, '[role=progressbar]')
  expect([bar.getAttribute('aria-valuenow'), bar.getAttribute('aria-label')]).toEqual(['41', 'Progress of Links'])
})

test('time goes on by itself while a job runs, and stands when it has ended', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-job', { job: 'job_1' })
  await fake.pass(3_000)
  expect(text(element, '.elapsed')).toEqual(['1 min 53 s'])
  fake.put(makeJob('job_1', { status: 'completed', rev: 2 }))
  await fake.pass(60_000)
  expect(text(element, '.elapsed')).toEqual(['1 min 20 s'])
})

test('a failed job shows its error, and only a link that is safe is followed', async () => {
  const error = { kind: 'exit', message: 'It <b>broke</b>.' }
  fake.put(makeJob('job_1', { status: 'failed', error, link: 'javascript:alert(1)' }))
  const element = await put('tidings-job', { job: 'job_1' })
  expect(text(element, '.error')).toEqual(['It <b>broke</b>.'])
  expect(inside(element).querySelector('.error b')).toBeNull()
  expect(all(element, 'a[href]')).toEqual([])
  fake.put(makeJob('job_1', { status: 'completed', rev: 2, link: '/results/1' }))
  await fake.pass(200)
  expect(text(element, '.view')).toEqual(['View'])
})

test('what cannot be taken back is asked twice, and in time', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-job', { job: 'job_1' })
  const abort = one(element, '.verb-abort')
  abort.click()
  expect([abort.textContent, fake.asked]).toEqual(['Really abort?', []])
  await fake.pass(4_000)
  expect(abort.textContent).toBe('Abort')
  abort.click()
  abort.click()
  await drawn()
  expect(fake.asked).toEqual(['abort job_1'])
})

test('a refusal is told at the job, by an event, and aloud', async () => {
  const refused = heard<{ verb: string }>('tidings-refused')
  fake.put(makeJob('job_1'))
  fake.refusal = refusedBecause('It is being saved.')
  const element = await put('tidings-job', { job: 'job_1' })
  one(element, '.verb-pause').click()
  await drawn()
  await fake.pass(1_000)
  expect(text(element, '.refusal')).toEqual(['Pause: Not now. It is being saved.'])
  expect(refused.map(({ verb }) => verb)).toEqual(['pause'])
  expect(document.querySelector('[aria-live]')?.textContent).toBe('Pause: Not now. It is being saved.')
  fake.put(makeJob('job_1', { status: 'paused', rev: 2 }))
  await fake.pass(100)
  expect(text(element, '.refusal')).toEqual([])
})

/** What takes a refusal away, the status being the same. */
const laters: [string, () => unknown][] = [
  ['the next revision of its job', () => fake.put(makeJob('job_1', { rev: 2 }))],
  [
    'a connection that is live again',
    async () => {
      fake.connection.set({ state: 'offline', since: fake.time })
      await drawn()
      fake.connection.set({ state: 'live', since: fake.time })
    },
  ],
  [
    'another verb',
    () => {
      fake.refusal = undefined
      one(document.querySelector('tidings-job') as Element, '.verb-pause').click()
    },
  ],
]

test.each(laters)('a refusal goes with %s', async (_, happen) => {
  fake.put(makeJob('job_1'))
  fake.refusal = new TidingsProblem({ code: 'http_502', status: 502, title: 'The server answered 502.' })
  const element = await put('tidings-job', { job: 'job_1' })
  one(element, '.verb-pause').click()
  await fake.pass(1_000)
  expect(text(element, '.refusal')).toEqual(['Pause: Tidings cannot be reached. Try again in a moment.'])
  await happen()
  await fake.pass(200)
  expect(text(element, '.refusal')).toEqual([])
})

test('while it is not live a job stands still, and does not say that one may leave', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-job', { job: 'job_1' })
  const still = () => inside(element).querySelector('.body')?.hasAttribute('data-still')
  const shown = () => [text(element, '.chip'), text(element, '.elapsed'), text(element, '.note').length, still()]
  expect(shown()).toEqual([['running'], ['1 min 50 s'], 1, false])
  fake.connection.set({ state: 'offline', since: fake.time })
  await fake.pass(30_000)
  expect(shown()).toEqual([['running'], ['1 min 50 s'], 0, true])
  fake.connection.set({ state: 'catchingUp', since: fake.time })
  await fake.pass(5_000)
  expect(shown()).toEqual([['running'], ['1 min 50 s'], 0, true])
  fake.connection.set({ state: 'live', since: fake.time })
  await drawn()
  expect(shown()).toEqual([['running'], ['2 min 25 s'], 1, false])
})

test('once an abort was asked only kill is offered, and `verbs` narrows what is', async () => {
  fake.put(makeJob('job_1', { wish: { kind: 'abort', number: 1 } }))
  const element = await put('tidings-job', { job: 'job_1' })
  expect(text(element, '.verbs .button')).toEqual(['Kill'])
  element.setAttribute('verbs', 'pause delete')
  await drawn()
  expect(text(element, '.verbs .button')).toEqual(['Pause'])
})

test('the focus goes to the button that takes the place of the pressed one', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-job', { job: 'job_1' })
  one(element, '.verb-pause').focus()
  fake.put(makeJob('job_1', { status: 'paused', rev: 2 }))
  await fake.pass(100)
  expect(inside(element).activeElement?.className).toContain('verb-resume')
  fake.put(makeJob('job_1', { status: 'completed', rev: 3, verbs: [] }))
  await fake.pass(100)
  expect(inside(element).activeElement?.className).toBe('card')
})

test('a view of a job can be taken over by the page', async () => {
  fake.put(makeJob('job_1', { status: 'completed', link: '/results/1' }))
  const element = await put('tidings-job', { job: 'job_1' })
  const links: string[] = []
  const take = (event: CustomEvent<{ link: string }>) => {
    links.push(event.detail.link)
    event.preventDefault()
  }
  document.addEventListener('tidings-view', take)
  const click = new MouseEvent('click', { bubbles: true, cancelable: true })
  one(element, '.view').dispatchEvent(click)
  document.removeEventListener('tidings-view', take)
  expect([links, click.defaultPrevented]).toEqual([['/results/1'], true])
})

test('the newest job of a session is shown, and a job that is not there is said', async () => {
  fake.put(makeJob('job_1', { session: 's', title: 'Old' }), makeJob('job_2', { session: 's', title: 'New' }))
  const element = await put('tidings-job', { session: 's' })
  expect(text(element, '.name')).toEqual(['New'])
  const missing = await put('tidings-job', { job: 'job_none' })
  expect(text(missing, '.empty')).toEqual(['There is no such job.'])
  const nothing = await put('tidings-progress', { session: 'other' })
  expect(all(nothing, '.progress')).toEqual([])
})

test('an end is told once: by an event of each element that shows it and by one voice of the page', async () => {
  const settled: string[] = []
  const hear = ({ target, detail }: CustomEvent<{ job: { id: string } }>) =>
    void settled.push(`${(target as Element).localName} ${detail.job.id}`)
  document.addEventListener('tidings-settled', hear)
  fake.put(makeJob('job_1', { title: 'Links' }), makeJob('job_0', { status: 'completed' }))
  await put('tidings-job', { job: 'job_1' })
  await put('tidings-jobs')
  await put('tidings-job', { job: 'job_0' })
  fake.put(makeJob('job_1', { title: 'Links', status: 'timed_out', rev: 2 }))
  await fake.pass(2_000)
  document.removeEventListener('tidings-settled', hear)
  expect(settled.sort()).toEqual(['tidings-job job_1', 'tidings-jobs job_1'])
  expect(document.querySelector('[aria-live]')?.textContent).toBe('Links: timed out.')
})

test('what is only expected is no end', async () => {
  const settled = heard('tidings-settled')
  fake.put(makeJob('job_1', { status: 'pending' }))
  await put('tidings-job', { job: 'job_1' })
  fake.put({ ...makeJob('job_1', { status: 'aborted' }), asking: 'abort' } as ReturnType<typeof makeJob>)
  await fake.pass(200)
  fake.put(makeJob('job_1', { status: 'pending', rev: 2 }))
  await fake.pass(200)
  expect(settled).toEqual([])
})
