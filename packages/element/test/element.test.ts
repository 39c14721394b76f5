// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { setTexts } from '../src/index.js'
import { drawn, FakeClient, makeJob } from './fake-client.js'
import { all, fake, freshPage, put, text } from './page.js'

freshPage()

const signedOut: [string, () => void][] = [
  ['the connection was told so', () => fake.connection.set({ state: 'stopped', since: 0, reason: 'unauthenticated' })],
  ['nobody is there any more', () => fake.who.set(undefined)],
]

test.each(signedOut)('nothing shows when signed out: %s', async (_, signOut) => {
  fake.put(makeJob('job_1'))
  const names = ['tidings-job', 'tidings-jobs', 'tidings-tray', 'tidings-tray-button', 'tidings-button'] as const
  const elements = await Promise.all(names.map((name) => put(name, { job: 'job_1', task: 'check-links', open: '' })))
  await fake.pass(1_000)
  fake.put(makeJob('job_1', { progress: { percentage: 3 } }))
  signOut()
  // At once, however short a time ago it was drawn.
  await drawn()
  expect(elements.map((element) => all(element, '.body').length)).toEqual([0, 0, 0, 0, 0])
})

test('nothing of the former user stays when somebody else signs in', async () => {
  fake.put(makeJob('job_1'))
  const button = await put('tidings-button', { task: 'check-links', session: 's' })
  await button.start()
  const tray = await put('tidings-tray')
  fake.put(makeJob('job_1', { status: 'failed', rev: 2 }))
  await fake.pass(200)
  fake.empty()
  fake.who.set({ subject: 'ben', tenant: 'default', scopes: [], tenantWide: false })
  await fake.pass(200)
  expect([all(button, '.starter').length, all(button, '.card').length, all(tray, '.pill').length]).toEqual([1, 0, 0])
})

test('an element that was taken out leaves nothing behind, and comes back', async () => {
  const names = ['tidings-job', 'tidings-jobs', 'tidings-tray', 'tidings-tray-button', 'tidings-button'] as const
  fake.put(makeJob('job_1'))
  const elements = await Promise.all(names.map((name) => put(name, { job: 'job_1', open: '' })))
  const toasts = await put('tidings-toasts')
  fake.put(makeJob('job_1', { progress: { percentage: 3 } }))
  for (const element of [...elements, toasts]) element.remove()
  await drawn()
  expect([fake.watchers, document.querySelector('[aria-live]')]).toEqual([0, null])
  document.body.append(elements[0])
  fake.put(makeJob('job_1', { title: 'Back' }))
  await fake.pass(200)
  expect(text(elements[0], '.name')).toEqual(['Back'])
})

test('texts are replaced for the page and for one element', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-job', { job: 'job_1' })
  const other = await put('tidings-job', { job: 'job_1' })
  setTexts({ statuses: { running: 'läuft' }, verbs: { pause: 'Anhalten' } })
  other.texts = { verbs: { pause: 'Halt' } }
  await fake.pass(200)
  expect([text(element, '.chip'), text(element, '.verb-pause'), text(other, '.verb-pause')]).toEqual([
    ['läuft'],
    ['Anhalten'],
    ['Halt'],
  ])
})

test('properties stand for attributes, also when they were set before the element was known', async () => {
  const early = document.createElement('tidings-job')
  Object.defineProperty(early, 'job', { value: 'job_1', configurable: true, writable: true, enumerable: true })
  document.body.append(early)
  expect(early.getAttribute('job')).toBe('job_1')
  const jobs = document.createElement('tidings-jobs')
  jobs.subjectType = 'site'
  jobs.limit = 20
  expect([jobs.getAttribute('subject-type'), jobs.limit, jobs.task]).toEqual(['site', 20, null])
  jobs.subjectType = null
  expect(jobs.hasAttribute('subject-type')).toBe(false)
})

test('an element may have a client of its own', async () => {
  const own = new FakeClient()
  own.put(makeJob('job_1', { title: 'Elsewhere' }))
  const element = await put('tidings-job', { job: 'job_1' })
  element.client = own.client
  await own.pass(200)
  expect([text(element, '.name'), fake.watchers]).toEqual([['Elsewhere'], 0])
})
