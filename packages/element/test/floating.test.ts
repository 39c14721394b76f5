// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import type { TidingsTray } from '../src/index.js'
import { drawn, makeJob } from './fake-client.js'
import { all, fake, freshPage, inside, one, put, text } from './page.js'

freshPage()

test('a tray is a pill while something runs, and a card when it is opened', async () => {
  const element: TidingsTray = await put('tidings-tray')
  expect([all(element, '.pill').length, all(element, '.tray-card').length]).toEqual([0, 0])
  fake.put(makeJob('job_0', { title: 'Done', status: 'completed' }), makeJob('job_1', { title: 'Runs' }))
  await fake.pass(200)
  expect(text(element, '.pill')).toEqual(['1 running'])
  one(element, '.pill').click()
  await drawn()
  expect([element.open, all(element, '.pill').length, text(element, '.badge')]).toEqual([true, 0, ['1 running']])
  expect(inside(element).activeElement?.className).toBe('tray-card')
  expect(text(element, '.row .name')).toEqual(['Runs'])
  one(element, '.tray-foot .link').click()
  await drawn()
  expect(text(element, '.row .name')).toEqual(['Runs', 'Done'])
  one(element, '.tray-card').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  await drawn()
  expect([element.open, inside(element).activeElement?.className]).toEqual([false, 'pill'])
})

test('an open tray says that one may leave while that is known', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-tray', { open: '' })
  expect(text(element, '.note').length).toBe(1)
  fake.connection.set({ state: 'offline', since: fake.time })
  await drawn()
  expect(text(element, '.note')).toEqual([])
})

test('a closed tray counts what has ended, until it is opened', async () => {
  fake.put(makeJob('job_1'))
  const element = await put('tidings-tray')
  fake.put(makeJob('job_1', { status: 'failed', rev: 2 }))
  await fake.pass(200)
  expect([text(element, '.pill'), one(element, '.pill').hasAttribute('data-failed')]).toEqual([['1 ended'], true])
  element.open = true
  await drawn()
  element.open = false
  await drawn()
  expect(all(element, '.pill')).toEqual([])
})

test('a tray button shows the count and opens the tray, unless the page does otherwise', async () => {
  const tray = await put('tidings-tray', { docked: '' })
  const element = await put('tidings-tray-button')
  fake.put(...Array.from({ length: 120 }, (_, place) => makeJob(`job_${place}`)))
  await fake.pass(200)
  expect([text(element, '.badge'), text(element, '.only-said')]).toEqual([['99+'], ['120 running']])
  expect(all(tray, '.pill')).toEqual([])
  const button = one(element, 'button')
  button.click()
  await drawn()
  expect([tray.open, button.getAttribute('aria-expanded')]).toEqual([true, 'true'])
  one(tray, '.quiet').click()
  await drawn()
  expect([tray.open, inside(element).activeElement]).toEqual([false, button])
  const stop = (event: Event) => event.preventDefault()
  document.addEventListener('tidings-toggle', stop)
  button.click()
  document.removeEventListener('tidings-toggle', stop)
  expect(tray.open).toBe(false)
})

test('toasts tell what has ended and can be dismissed', async () => {
  const element = await put('tidings-toasts')
  fake.put(makeJob('job_1', { title: 'Links' }), makeJob('job_2', { title: 'Reviews' }))
  const error = { kind: 'exit', message: 'It broke.' }
  fake.put(makeJob('job_1', { title: 'Links', status: 'completed', rev: 2, link: '/results/1' }))
  fake.put(makeJob('job_2', { title: 'Reviews', status: 'failed', rev: 2, error }))
  await fake.pass(500)
  expect(text(element, '.toast-words > *')).toEqual([
    ...['Links', 'completed', 'View'],
    ...['Reviews', 'failed', 'It broke.'],
  ])
  await fake.pass(10_000)
  expect(text(element, '.toast b')).toEqual(['Reviews'])
  one(element, '.toast .quiet').click()
  await drawn()
  expect(all(element, '.toast')).toEqual([])
})
