// @vitest-environment happy-dom
import { afterEach, expect, test } from 'vitest'
import { Play } from '../../client/test/play.js'
import { job } from '../../client/test/world.js'
import { drawn } from './fake-client.js'
import { inside } from './page.js'
import { type ElementName, screenOf } from './screen.js'

afterEach(() => document.body.replaceChildren())

const ELEMENTS: [ElementName, Record<string, string>][] = [
  ['tidings-button', { task: 'count-secrets' }],
  ['tidings-job', {}],
  ['tidings-jobs', {}],
  ['tidings-progress', {}],
  ['tidings-toasts', {}],
  ['tidings-tray', { open: '' }],
  ['tidings-tray-button', {}],
]

/** Words of the jobs, their percentage, or how many there are. */
const FORMER = /secret|%|[1-9]/i

const leavings: [string, (play: Play) => void][] = [
  ['close code 4101', (play) => play.socket.end(4101)],
  ['close code 4200', (play) => play.socket.end(4200)],
  ['identityChanged()', (play) => play.world.client.identityChanged()],
]

/** All that is there, hidden or not, but for the time of day. */
function wordsOf({ textContent }: ShadowRoot): string {
  return textContent.replace(/\d+:\d+/, '')
}

const cases = ELEMENTS.flatMap(([name, attributes]) =>
  leavings.map(([how, leave]) => ({ name, attributes, how, leave })),
)

test.each(cases)('nothing of the former user stays in $name after $how', async ({ name, attributes, leave }) => {
  const play = new Play(screenOf(name, attributes))
  const more = { task: 'count-secrets', title: 'Secret title', tags: ['secret'], link: '/secret' }
  const running = job('a', 1, { ...more, progress: { percentage: 41, message: 'secret.pdf' } })
  const other = job('b', 1, { ...more, task: 'other-secret', createdAt: '2026-11-22T09:00:00Z' })
  await play.follow(other, running)
  await play.settle('p2', { ...other, rev: 2, status: 'failed', settlement: 1, endedAt: '2026-11-22T10:00:01Z' })
  await play.pass(2_000)
  const element = document.querySelector(name) as HTMLElement
  const shadow = inside(element)
  expect(wordsOf(shadow)).toMatch(FORMER)
  // What was drawn stays in a tray that is closed.
  element.removeAttribute('open')
  await play.draw()
  leave(play)
  // At once: no time passes, and no picture is drawn before.
  await drawn()
  expect(wordsOf(shadow)).not.toMatch(FORMER)
  expect([shadow.innerHTML, document.querySelector('[aria-live]')?.innerHTML].join()).not.toMatch(/secret/i)
  await play.unmount()
})

test('a start that is answered after its user left is not shown to the next', async () => {
  const play = new Play(screenOf('tidings-button', { task: 'check' }))
  await play.follow()
  const button = document.querySelector('tidings-button') as HTMLElementTagNameMap['tidings-button']
  play.world.answer = { status: 200, body: JSON.stringify(job('a', 1, { title: 'Secret' })) }
  const started = button.start()
  await play.driver.draw(() => play.world.client.identityChanged())
  expect((await started)?.id).toBe('a')
  await play.draw()
  expect(inside(button).textContent).not.toContain('Secret')
  await play.unmount()
})
