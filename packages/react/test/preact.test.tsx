// @vitest-environment happy-dom
import { act } from 'preact/test-utils'
import { expect, test, vi } from 'vitest'
import { Play, scenarios } from '../../client/test/scenarios.js'
import { job } from '../../client/test/world.js'
import { screenOf } from './screen.js'

vi.mock('react', () => import('preact/compat'))
vi.mock('react/jsx-runtime', () => import('preact/jsx-runtime'))
vi.mock('react/jsx-dev-runtime', () => import('preact/jsx-dev-runtime'))

const { createRoot } = await import('preact/compat/client')
const library = { createRoot, act: async (happen: () => void | Promise<void>) => act(happen) }

test('it is Preact that draws', async () => {
  const { createElement } = await import('react')
  expect(createElement('p', null)).toHaveProperty('__k')
})

test.each(scenarios)('%s', (_, run) => run(new Play(screenOf(library as never))))

test('the other hooks work as well', async () => {
  const { useDigest, useJob, useTask, TidingsProvider } = await import('../src/index.js')
  const play = new Play(screenOf(library as never))
  const told: string[] = []
  const All = () => {
    const { job: newest } = useJob({ session: 's1' })
    const task = useTask({ autoConnect: { session: 's1' }, onError: (error) => told.push(error) })
    const { running, unread } = useDigest()
    return `${newest?.id} ${task.status} ${running.length} ${unread}`
  }
  const at = document.createElement('main')
  const root = createRoot(at)
  const tree = (
    <TidingsProvider client={play.world.client}>
      <All />
    </TidingsProvider>
  )
  await library.act(() => root.render(tree as never))
  await play.open()
  await play.snapshot([job('a', 2)])
  expect(at.textContent).toBe('a running 1 0')
  await play.snapshot([job('a', 2)])
  await play.settle('p2', job('a', 3, { status: 'lost', settlement: 1, endedAt: '2026-11-22T11:00:00Z' }))
  expect([at.textContent, told]).toEqual(['a lost 0 1', ['What ran it was lost.']])
  await library.act(() => root.unmount())
  await play.pass(5_000)
  expect(play.leftBehind()).toEqual({ sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 })
})
