// @vitest-environment happy-dom
import { setTexts, texts } from '@tidings/client/words'
import { afterEach, expect, test, vi } from 'vitest'
import { Play } from '../../client/test/scenarios.js'
import { job } from '../../client/test/world.js'
import { type ElementName, screenOf } from './screen.js'

const ELEMENTS: [ElementName, Record<string, string>][] = [
  ['tidings-button', { task: 'check' }],
  ['tidings-job', {}],
  ['tidings-jobs', {}],
  ['tidings-progress', {}],
  ['tidings-toasts', {}],
  ['tidings-tray', { open: '' }],
  ['tidings-tray-button', {}],
]

afterEach(() => {
  document.body.replaceChildren()
  vi.restoreAllMocks()
})

test.each(ELEMENTS)('1,000 mounts of %s leave nothing behind', { timeout: 30_000 }, async (name, attributes) => {
  const nodes = document.querySelectorAll('*').length
  const listeners = [document, document.body, window, texts].map(countListeners)
  const play = new Play(screenOf(name, attributes))
  await play.follow(job('a', 1))
  const live = listeners.map((count) => count())
  expect(live.some((count) => count > 0)).toBe(true)
  await play.unmount()
  for (let n = 0; n < 1_000; n++) {
    await play.driver.mount({ session: `s${1 + (n % 50)}` })
    // Every other one has something that waits to be drawn.
    if (n % 2) setTexts({})
    if (n % 100 === 0) await play.pass(300)
    await play.driver.unmount()
  }
  // The client lets go of a topic a little later; an element of everything at once.
  const lingering = play.leftBehind()
  await play.driver.mount({ session: 's50' })
  setTexts({})
  await play.driver.unmount()
  expect(play.leftBehind()).toEqual(lingering)
  await play.draw()
  await play.pass(5_000)
  expect(play.leftBehind()).toEqual({ sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 })
  expect(listeners.map((count) => count())).toEqual([0, 0, 0, 0])
  expect(document.querySelectorAll('*').length).toBe(nodes)
})

/** Those that come from now on, less those that go. */
function countListeners(of: EventTarget | typeof texts): () => number {
  let listening = 0
  if ('subscribe' in of) {
    const { subscribe } = of
    vi.spyOn(of, 'subscribe').mockImplementation((listener) => {
      const end = subscribe.call(of, listener)
      listening++
      return () => {
        listening--
        end()
      }
    })
  } else {
    const { addEventListener, removeEventListener } = of
    vi.spyOn(of, 'addEventListener').mockImplementation((...given) => {
      listening++
      addEventListener.apply(of, given)
    })
    vi.spyOn(of, 'removeEventListener').mockImplementation((...given) => {
      listening--
      removeEventListener.apply(of, given)
    })
  }
  return () => listening
}
