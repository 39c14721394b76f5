/**
 * Every element in every state, without a server. `?busy=1000` lets so many jobs change sixty times a second, `?tray=open` opens the tray,
 * `?toasts` shows toasts, `?offline` loses the connection, `?out` signs out.
 * Collaborators: the fake client of the tests, on the clock of the browser.
 */
import type { JobSummary, Progress, Status, Verb } from '@tidings/client'
import { setClient } from '@tidings/element'
import { FakeClient, makeJob } from '../test/fake-client.js'

const asked = new URLSearchParams(location.search)
const fake = new FakeClient()
const { environment } = fake
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
environment.now = () => Date.now()
environment.setTimer = (run, milliseconds) => setTimeout(run, milliseconds)
environment.clearTimer = (timer) => clearTimeout(timer as number)
environment.visible = () => true
setClient(fake.client)

let count = 0
function job(status: Status, title: string, more: Partial<JobSummary> = {}): JobSummary {
  const age = 20 + count * 47
  const started = !['pending', 'scheduled'].includes(status)
  return makeJob(`job_01jd9v3k5efx4b8n6w2q7r${String(++count).padStart(4, '0')}`, {
    status,
    title,
    createdAt: ago(age + 9),
    startedAt: started ? ago(age) : undefined,
    endedAt: undefined,
    ...more,
  })
}
function ended(status: Status, title: string, more: Partial<JobSummary> = {}): JobSummary {
  return job(status, title, { endedAt: ago(count * 31 + 5), ...more })
}
const half: Progress = { percentage: 45, current: 540, total: 1200, message: 'Checking 3 slow hosts' }

const shown: JobSummary[] = [
  job('running', 'Links of docs.example.org', { progress: half, tags: ['nightly'] }),
  job('running', 'Reviews of Harbour Café', { progress: { current: 12 } }),
  job('running', 'A title that is much longer than any row or card has room for on one line', {
    progress: { percentage: 91, message: 'Writing the summary of everything that was found', failed: 3, skipped: 12 },
    attempt: 2,
  }),
  job('paused', 'October report for the board', { progress: half, reason: 'cooperative' }),
  job('running', 'Newsletter list', {
    progress: half,
    wish: { kind: 'abort', number: 1, at: ago(14) },
    mode: 'tracked',
  }),
  job('pending', 'Product tour', { reason: 'no_slot' }),
  job('scheduled', 'Quarterly figures', { dueAt: new Date(Date.now() + 754_000).toISOString() }),
  job('waiting', 'Customers from the spring fair', { reason: 'waits_for_input' }),
  job('retrying', 'Intro, 1080p', { attempt: 2, reason: 'error' }),
  job('of_tomorrow', 'A status that is not known yet'),
  ended('completed', 'Links of the blog', { link: '/results/blog' }),
  ended('failed', 'Links of the shop', {
    error: { kind: 'exit', message: 'The program ended with code 1: TypeError: cannot read “price” of undefined' },
    progress: half,
  }),
  ended('aborted', 'Reviews of Corner Bakery', { progress: half }),
  ended('timed_out', 'Archive of 2019', { progress: { percentage: 12 } }),
  ended('lost', 'Import of yesterday', { reason: 'lease_expired' }),
]
fake.put(...shown.reverse())
shown.reverse()

fake.ask = async (id: string, verb: Verb) => {
  const held = fake.get(id) as JobSummary
  const next: Partial<Record<Verb, Status>> = { pause: 'paused', resume: 'running', abort: 'aborted', retry: 'pending' }
  const status = next[verb]
  if (!status) throw new Error(`The server has nothing to ${verb} with.`)
  await new Promise((done) => setTimeout(done, 300))
  const { verbs: _, ...kept } = held
  fake.put(makeJob(id, { ...kept, status, rev: held.rev + 1 }))
  return fake.get(id)
}

const main = document.querySelector('main') as HTMLElement
function section(title: string, ...cells: HTMLElement[]): void {
  const head = document.createElement('h2')
  head.textContent = title
  const box = document.createElement('div')
  box.className = 'cells'
  box.append(...cells)
  const part = document.createElement('section')
  part.append(head, box)
  main.append(part)
}
function element(name: string, attributes: Record<string, string> = {}, text = ''): HTMLElement {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.textContent = text
  return made
}

const page = element('tidings-jobs', { limit: '10' })
const list = document.createElement('section')
const title = document.createElement('h2')
title.textContent = 'tidings-jobs'
list.append(title, page)

section(
  'tidings-button',
  element('tidings-button', { task: 'check-links', 'job-title': 'Links of a site' }, 'Check links'),
  element('tidings-button', { task: 'check-links', disabled: '' }, 'Not now'),
  element('tidings-button', { task: 'check-links' }),
)
section('tidings-progress', ...shown.slice(0, 12).map(({ id }) => element('tidings-progress', { job: id })))
main.append(list)
section(
  'tidings-job',
  ...shown.map(({ id }) => element('tidings-job', { job: id })),
  element('tidings-job', { job: 'job_none' }),
)

if (asked.get('tray') === 'open') document.querySelector('tidings-tray')?.toggleAttribute('open', true)
if (asked.has('offline')) fake.connection.set({ state: 'offline', since: Date.now() - 60_000, retryAt: Date.now() })
if (asked.has('out')) {
  fake.empty()
  fake.who.set(undefined)
}
if (asked.has('toasts')) {
  for (const { id, verbs: _, ...held } of shown.slice(0, 3)) {
    const status = id.endsWith('2') ? 'failed' : 'completed'
    const error = { kind: 'exit', message: 'The program ended with code 1.' }
    fake.put(makeJob(id, { ...held, status, rev: 9, link: '/results', ...(status === 'failed' && { error }) }))
    await new Promise((done) => setTimeout(done, 600))
  }
  for (const { id, verbs: _, ...held } of shown.slice(3, 9))
    fake.put(makeJob(id, { ...held, status: 'completed', rev: 9 }))
}

const busy = Number(asked.get('busy') ?? 0)
if (busy > 0) {
  const many = Array.from({ length: busy }, (_, place) => job('running', `Job ${place}`, { progress: half }))
  let turn = 0
  const change = () => {
    turn++
    const percentage = turn % 100
    fake.put(...many.map((each) => ({ ...each, progress: { ...half, percentage, message: `Turn ${turn}` } })))
    requestAnimationFrame(change)
  }
  change()
}
