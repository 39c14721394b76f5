// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import type { TidingsTray } from '../src/index.js'
import { drawn, makeJob } from './fake-client.js'
import { all, fake, freshPage, inside, one, put, text } from './page.js'

freshPage()

const titles = ['One', 'Two', 'Three', 'Four', 'Five']

/** Five jobs that run, the newest first, in an open tray. */
async function fullTray(attributes: Record<string, string> = {}): Promise<TidingsTray> {
  fake.put(...titles.map((title, place) => makeJob(`job_${place + 1}`, { title })).reverse())
  return put('tidings-tray', { open: '', ...attributes })
}

const names = (tray: Element) => text(tray, '.row .name')
const offers = (tray: Element) => text(tray, '.tray-offers .link')
const offer = (tray: Element, words: string) =>
  all(tray, '.tray-offers .link').find(({ textContent }) => textContent === words) as HTMLElement
const hide = (tray: Element, name: string) => one(tray, `.hide[aria-label$="${name}"]`)

async function press(button: HTMLElement): Promise<void> {
  button.click()
  await drawn()
}

async function point(element: HTMLElement, type: 'pointerenter' | 'pointerleave'): Promise<void> {
  element.dispatchEvent(Object.assign(new Event(type), { pointerType: 'mouse' }))
  await drawn()
}

test('of more than three running jobs two are shown, and the rest by one press', async () => {
  const tray = await fullTray()
  expect([names(tray), offers(tray), text(tray, '.badge')]).toEqual([['One', 'Two'], ['3 more'], ['5 running']])
  const more = offer(tray, '3 more')
  expect(more.getAttribute('aria-expanded')).toBe('false')
  expect(inside(tray).getElementById(more.getAttribute('aria-controls') ?? '')).toBe(one(tray, '.list'))
  await press(more)
  expect([names(tray), offers(tray), more.getAttribute('aria-expanded')]).toEqual([titles, ['Show less'], 'true'])
  await press(more)
  expect([names(tray).length, more.getAttribute('aria-expanded')]).toEqual([2, 'false'])
})

test.each([
  ['5', 5, []],
  ['4', 3, ['2 more']],
  ['1', 1, ['4 more']],
  ['none', 2, ['3 more']],
])('with limit %s there are %i rows', async (limit, rows, offered) => {
  const tray = await fullTray({ limit })
  expect([names(tray).length, offers(tray)]).toEqual([rows, offered])
})

test('a job is hidden and shown again, and counts meanwhile', async () => {
  const tray = await fullTray({ limit: '5' })
  await press(hide(tray, 'Two'))
  expect([names(tray), offers(tray)]).toEqual([['One', 'Three', 'Four', 'Five'], ['Show hidden (1)']])
  await fake.pass(1_000)
  expect([text(tray, '.badge'), document.querySelector('[aria-live]')?.textContent]).toEqual([
    ['5 running'],
    'Two: hidden.',
  ])
  fake.put(makeJob('job_2', { title: 'Two', rev: 2, status: 'paused' }))
  await fake.pass(200)
  expect(names(tray)).not.toContain('Two')
  await press(offer(tray, 'Show hidden (1)'))
  expect([names(tray), offers(tray)]).toEqual([titles, []])
})

test('the focus of a button that goes is not lost', async () => {
  const tray = await fullTray({ limit: '5' })
  await press(hide(tray, 'Two'))
  offer(tray, 'Show hidden (1)').focus()
  await press(offer(tray, 'Show hidden (1)'))
  expect(inside(tray).activeElement?.className).toBe('tray-card')
})

test('when all that runs is hidden, the tray does not say that there is nothing', async () => {
  fake.put(makeJob('job_1', { title: 'Links' }))
  const tray = await put('tidings-tray', { open: '' })
  await press(hide(tray, 'Links'))
  expect([text(tray, '.empty'), offers(tray)]).toEqual([['No jobs here'], ['Show hidden (1)']])
})

test('a hidden job that has ended is news, and so is one that runs again', async () => {
  fake.put(makeJob('job_1', { title: 'Links' }))
  const tray = await put('tidings-tray', { open: '' })
  await press(hide(tray, 'Links'))
  const end = { title: 'Links', status: 'failed' as const, rev: 2 }
  fake.put(makeJob('job_1', end))
  await fake.pass(200)
  expect(names(tray)).toEqual(['Links'])
  await press(hide(tray, 'Links'))
  expect(names(tray)).toEqual([])
  fake.put(makeJob('job_1', { title: 'Links', rev: 3 }))
  await fake.pass(200)
  expect(names(tray)).toEqual(['Links'])
})

test('while somebody points at the rows, a hidden one stays where it is and takes the press back', async () => {
  const tray = await fullTray({ limit: '5' })
  const [card, rows] = [one(tray, '.tray-card'), one(tray, '.groups')]
  await point(card, 'pointerenter')
  await point(rows, 'pointerenter')
  await press(hide(tray, 'Two'))
  expect([names(tray), text(tray, '.row[data-gone] .reason'), offers(tray)]).toEqual([titles, ['hidden'], []])
  await press(one(tray, '.hide[aria-label="Show again Two"]'))
  expect(all(tray, '.row[data-gone]')).toEqual([])
  await press(hide(tray, 'Two'))
  await point(rows, 'pointerleave')
  expect([names(tray).length, offers(tray)]).toEqual([4, ['Show hidden (1)']])
  // Nor does what stands beside a button that goes.
  await press(offer(tray, 'Show hidden (1)'))
  const [kept] = all(tray, '.tray-offers [data-kept]')
  expect(kept.textContent).toBe('')
  await point(card, 'pointerleave')
  expect(all(tray, '.tray-offers .link')).toEqual([])
})

test('what is hidden is forgotten with its user', async () => {
  const tray = await fullTray({ limit: '5' })
  await press(hide(tray, 'Two'))
  fake.who.set({ subject: 'ben', tenant: 'default', scopes: [], tenantWide: false })
  await drawn()
  expect(names(tray)).toContain('Two')
})

test('that one may leave is said of tracked jobs only where the app says so, and of all or of none', async () => {
  fake.put(makeJob('job_1', { mode: 'tracked' }))
  const tray = await put('tidings-tray', { open: '' })
  const job = await put('tidings-job', { job: 'job_1' })
  const said = () => [tray, job].map((element) => text(element, '.note').length)
  expect(said()).toEqual([0, 0])
  fake.put(makeJob('job_2'))
  await fake.pass(200)
  expect(said()).toEqual([0, 0])
  tray.leaveTracked = true
  job.setAttribute('leave-tracked', '')
  await drawn()
  expect(said()).toEqual([1, 1])
  fake.connection.set({ state: 'offline', since: fake.time })
  await drawn()
  expect(said()).toEqual([0, 0])
})
