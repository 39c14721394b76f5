// @vitest-environment happy-dom
import { afterEach, expect, test } from 'vitest'
import { createApp, h, nextTick } from 'vue'
import {
  createRuns,
  DashboardTriggerMonitor,
  DashboardTriggerMonitorButton,
  setMonitorTexts,
  useTriggerMonitor,
} from '../src/index.js'
import { active, answer, ended, leaveAll, newPlay, page } from './page.js'

afterEach(() => {
  leaveAll()
  setMonitorTexts({})
})

async function monitored() {
  const shown = await page(() => () => [h(DashboardTriggerMonitorButton), h(DashboardTriggerMonitor)])
  const find = <Found extends HTMLElement>(of: string) => shown.at.querySelector<Found>(of) as Found
  return {
    ...shown,
    find,
    button: () => find('.tr-button'),
    press: async (of: string) => {
      find(of).click()
      await shown.play.draw()
    },
    names: () => [...shown.at.querySelectorAll('.tr-run')].map((row) => row.querySelector('code')?.textContent),
  }
}

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => {
    const age = `2026-11-22T09:${String(59 - n - from).padStart(2, '0')}:00Z`
    return ended(`old-${n + from}`, 'completed', { createdAt: age })
  })

test('the button counts what is active, and opens and closes the monitor', async () => {
  const { play, button, find, press } = await monitored()
  expect([button().textContent, button().getAttribute('aria-expanded')]).toEqual(['Tasks', 'false'])
  await play.open()
  await play.snapshot([active('a'), active('b', 2, { status: 'pending' }), ended('c', 'failed')])
  expect([button().textContent, button().getAttribute('aria-label')]).toEqual(['Tasks2', 'Tasks: 2 running'])
  await press('.tr-button')
  expect([find('.tr-count').textContent, button().getAttribute('aria-expanded')]).toEqual(['2 running', 'true'])
  expect(document.activeElement).toBe(find('.tr-monitor'))
  find('.tr-monitor').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
  await play.draw()
  expect([find('.tr-monitor'), document.activeElement]).toEqual([null, button()])
})

test('a row says which task, where it stands, its id, how long, since when, and why it failed', async () => {
  const { play, press, find } = await monitored()
  play.world.time = Date.parse('2026-11-22T10:01:00Z')
  await play.open()
  const error = { kind: 'exit', message: 'The program ended with code 1.' }
  const started = new Date(2026, 10, 22, 15, 7).toISOString()
  const failed = ended('job_0123456789abcdef', 'failed', { error, ranMs: 65_000, startedAt: started })
  setMonitorTexts({ locale: 'en-US' })
  await play.snapshot([failed])
  await press('.tr-button')
  const row = find('.tr-run')
  const texts = [...row.querySelectorAll('.tr-name, .tr-badge, code, .tr-times, .tr-error')].map(
    (part) => part.textContent,
  )
  expect(texts).toEqual(['Generate Report', 'FAILED', '89abcdef', '1m 5s3:07 PM', 'The program ended with code 1.'])
  expect([row.dataset.tone, !!row.querySelector('.tr-sign-cross'), row.querySelector('.tr-stop')]).toEqual([
    'error',
    true,
    null,
  ])
})

test('the duration of what runs counts on, and only while somebody looks', async () => {
  const { play, press, find } = await monitored()
  play.world.time = Date.parse('2026-11-22T10:00:15Z')
  await play.open()
  await play.snapshot([active('a', 2, { ranMs: 0, updatedAt: '2026-11-22T10:00:10Z' })])
  await press('.tr-button')
  const shown = () => find('.tr-times span').textContent
  expect(shown()).toBe('5s')
  await play.pass(2_000)
  expect(shown()).toBe('7s')
  await press('.tr-quiet:last-child')
  await play.pass(1_000)
  const { timers } = play.world as unknown as { timers: Map<number, { at: number }> }
  expect([...timers.values()].filter(({ at }) => at <= play.world.time + 1_000)).toEqual([])
})

test('history is hidden while something is active, else five rows, and ten more at each press', async () => {
  const { play, press, names } = await monitored()
  await play.open()
  await play.snapshot([active('now'), ...many(20)])
  await press('.tr-button')
  expect(names()).toEqual(['now'])
  await press('.tr-more')
  expect(names().length).toBe(11)
  await press('.tr-button')
  await play.update('p2', ended('now', 'completed'))
  await press('.tr-button')
  expect(names()).toEqual(['now', 'old-0', 'old-1', 'old-2', 'old-3'])
  await press('.tr-more')
  expect(names().length).toBe(15)
  await press('.tr-more')
  expect([names().length, document.querySelector('.tr-more')]).toEqual([21, null])
})

test('what ends before the eyes of somebody stays, though something else is active', async () => {
  const { play, press, names } = await monitored()
  await play.open()
  await play.snapshot([active('a'), active('b'), ...many(3)])
  await press('.tr-button')
  await play.update('p2', ended('a', 'completed'))
  expect(names()).toEqual(['b', 'a'])
})

test('a stop asks once; a refusal is said in the row', async () => {
  const { play, press, find } = await monitored()
  await play.open()
  await play.snapshot([active('a', 2, { verbs: ['abort'] })])
  await press('.tr-button')
  expect(find('.tr-stop').getAttribute('aria-label')).toBe('Stop Generate Report')
  answer(play, 409, { code: 'unheard_of', status: 409, title: 'Not now.', detail: 'It is about to end.' })
  find('.tr-stop').click()
  find('.tr-stop').click()
  await nextTick()
  expect(find('.tr-stop').getAttribute('aria-disabled')).toBe('true')
  await play.draw()
  await play.draw()
  expect(find('[role=alert]').textContent).toBe('It was not stopped. Not now. It is about to end.')
  expect(play.world.requests.filter(({ url }) => url.endsWith('/abort')).length).toBe(1)
  await play.update('p2', active('a', 3, { verbs: ['abort'], wish: { kind: 'abort', number: 1 } }))
  expect([find('.tr-stop').getAttribute('aria-busy'), find('.tr-wish').textContent]).toEqual(['true', 'aborting…'])
})

test('the focus stays in the card when the run that was stopped has no button any more', async () => {
  const { play, press, find } = await monitored()
  await play.open()
  await play.snapshot([active('a', 2, { verbs: ['abort'] })])
  await press('.tr-button')
  find('.tr-stop').focus()
  await play.update('p2', ended('a', 'aborted'))
  await play.draw()
  expect(document.activeElement).toBe(find('.tr-monitor'))
})

test('the refresh button asks anew and turns until it is answered', async () => {
  const { play, press, find } = await monitored()
  await play.open()
  await play.snapshot([])
  await press('.tr-button')
  expect(find('.tr-empty').textContent).toBe('No active tasks.')
  answer(play, 200, { jobs: [active('new')] })
  await press('.tr-quiet')
  expect(find('.tr-quiet').getAttribute('aria-busy')).toBe('true')
  await play.update('p2', active('new'))
  await play.draw()
  expect([find('.tr-quiet').getAttribute('aria-busy'), find('.tr-name').textContent]).toEqual([null, 'Generate Report'])
})

test('the dot says whether what is shown is true', async () => {
  const { play, press, find } = await monitored()
  await play.open()
  await play.snapshot([])
  await press('.tr-button')
  const dot = () => [
    find('.tr-dot').dataset.state,
    find('.tr-dot').title === find('.tr-dot').getAttribute('aria-label'),
  ]
  expect(dot()).toEqual(['live', true])
  await play.close(1006)
  expect([...dot(), find('.tr-offline').textContent?.startsWith('Offline since')]).toEqual(['offline', true, true])
})

test('a result is linked once there is one, and only where an address may be followed', async () => {
  const { play, press, at } = await monitored()
  await play.open()
  const rows = [
    ended('a', 'completed', { link: '/reports/1', title: 'October report' }),
    ended('b', 'completed', { link: 'javascript:alert(1)' }),
    ended('c', 'completed', { link: 'https://[' }),
  ]
  await play.snapshot(rows)
  await press('.tr-button')
  expect([...at.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.textContent])).toEqual([
    ['/reports/1', 'October report'],
  ])
})

test('it can be opened by a page that keeps the state itself', async () => {
  const told: boolean[] = []
  const { play, at } = await page(() => () => {
    return h(DashboardTriggerMonitor, { modelValue: true, 'onUpdate:modelValue': (open: boolean) => told.push(open) })
  })
  await play.open()
  await play.snapshot([])
  at.querySelector<HTMLElement>('.tr-quiet:last-child')?.click()
  expect(told).toEqual([false])
})

test('the plugin registers both by their names, with a client', async () => {
  const play = newPlay()
  const at = document.createElement('main')
  const app = createApp({
    setup() {
      useTriggerMonitor().open()
      return () => h('div')
    },
  }).use(createRuns({ client: play.world.client }))
  expect([app.component('DashboardTriggerMonitor'), app.component('DashboardTriggerMonitorButton')]).toEqual([
    DashboardTriggerMonitor,
    DashboardTriggerMonitorButton,
  ])
  app.mount(at)
  app.unmount()
})

test('every text can be replaced', async () => {
  const { play, press, find, button } = await monitored()
  await play.open()
  await play.snapshot([active('a')])
  setMonitorTexts({ button: 'Aufgaben', running: (count) => `${count} laufen`, statuses: { EXECUTING: 'läuft' } })
  await press('.tr-button')
  expect([button().textContent, find('.tr-count').textContent, find('.tr-badge').textContent]).toEqual([
    'Aufgaben1',
    '1 laufen',
    'läuft',
  ])
})

test('the styles are put into the document once', async () => {
  const { press } = await monitored()
  await press('.tr-button')
  await monitored()
  expect(document.adoptedStyleSheets.length).toBe(1)
})
