// @vitest-environment happy-dom
import type { JobSummary } from '@tidings/client'
import { act, type ReactNode, StrictMode, useState } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { Play, topic } from '../../client/test/scenarios.js'
import { job, type World } from '../../client/test/world.js'
import { TidingsProvider, useDigest, useJob, useJobs, useSettled, useTask, useTidings } from '../src/index.js'
import { screenOf } from './screen.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const library = { createRoot, act: async (happen: () => void | Promise<void>) => act(async () => happen()) }
const roots: Root[] = []

afterEach(async () => {
  await act(async () => {
    for (const root of roots.splice(0)) root.unmount()
  })
})

/** A page with one component, in strict mode, and the world that it lives in. */
async function page(component: () => ReactNode) {
  const play = new Play(screenOf(library))
  const at = document.createElement('main')
  const root = createRoot(at)
  roots.push(root)
  const render = (Component: () => ReactNode) =>
    act(async () =>
      root.render(
        <StrictMode>
          <TidingsProvider client={play.world.client}>
            <Component />
          </TidingsProvider>
        </StrictMode>,
      ),
    )
  await render(component)
  return { play, root, render, text: () => at.textContent }
}

const ended = (id: string, status: string): JobSummary =>
  job(id, 5, { status, settlement: 1, endedAt: '2026-11-22T11:00:00Z' })

function answer(world: World, status: number, body: object): void {
  world.answer = { status, body: JSON.stringify(body) }
}

const posts = (world: World) => world.requests.filter(({ init }) => init.method === 'POST').length

test('useTask: from a click to its result, one job in strict mode, told once', async () => {
  const told: string[] = []
  let task!: ReturnType<typeof useTask<{ url: string }, { broken: number }>>
  const { play, text } = await page(() => {
    task = useTask<{ url: string }, { broken: number }>({
      onComplete: ({ broken }) => told.push(`complete ${broken}`),
      onError: (error) => told.push(error),
    })
    return `${task.status} ${task.message}`
  })
  expect([text(), play.world.sockets.length]).toEqual(['idle ', 0])
  answer(play.world, 201, job('a', 1, { status: 'pending' }))
  await act(async () => expect(await task.startTask('check', { url: 'u' })).toBe('a'))
  await play.open()
  await play.snapshot([job('a', 2, { progress: { message: 'Half' } })])
  expect([text(), task.isConnected, posts(play.world)]).toEqual(['running Half', true, 1])
  answer(play.world, 200, { result: { broken: 2 } })
  await play.settle('p2', ended('a', 'completed'))
  await play.draw()
  expect([text(), told]).toEqual(['completed It is done.', ['complete 2']])
  expectTypeOf(task.result).toEqualTypeOf<{ broken: number } | undefined>()
})

test('useTask: a page that is loaded in mid-job shows it again', async () => {
  const Page = () => {
    const { taskId, isLooking } = useTask({ autoConnect: { session: 's1' } })
    return `${isLooking} ${taskId}`
  }
  const { play, text, render } = await page(Page)
  expect(text()).toBe('true undefined')
  await play.open()
  await play.snapshot([job('a', 2)])
  expect(text()).toBe('false a')
  await render(() => `${useTask({ autoConnect: { session: 's2' } }).taskId}`)
  expect(text()).toBe('undefined')
})

test('useTask: a target that changes lets go of the former', async () => {
  const Task = ({ session }: { session: string }) => `${useTask({ autoConnect: { session } }).taskId}`
  let session = 's1'
  const Page = () => <Task session={session} />
  const { play, text, render } = await page(Page)
  await play.open()
  await play.snapshot([job('a', 2)])
  await render(Page)
  expect(text()).toBe('a')
  session = 's2'
  await render(() => <Task session={session} />)
  expect(text()).toBe('undefined')
})

test('callbacks are always the newest', async () => {
  const told: string[] = []
  let said = 'first'
  const Page = () => {
    const now = said
    useSettled('check', () => told.push(`settled ${now}`))
    const task = useTask({ onError: () => told.push(`error ${now}`), autoConnect: 'a' })
    return task.status
  }
  let draw = () => {}
  const Drawn = () => {
    draw = useDraw()
    return Page()
  }
  const { play } = await page(Drawn)
  await play.open()
  await play.snapshot([job('a', 2)])
  said = 'second'
  await act(async () => draw())
  await play.settle('p2', ended('a', 'failed'))
  expect(told.sort()).toEqual(['error second', 'settled second'])
})

test('useSettled: completion and failure are told apart, by the name of a task', async () => {
  const told: string[] = []
  const { play } = await page(() => {
    useSettled('check', {
      onCompleted: ({ id }) => told.push(`done ${id}`),
      onFailed: ({ id }) => told.push(`not ${id}`),
    })
    useSettled(null, () => told.push('never'))
    return null
  })
  await play.open()
  expect(play.socket.subscribes().map((frame) => frame.topic)).toEqual([{ task: 'check' }])
  await play.snapshot([])
  await play.settle('p2', ended('a', 'completed'))
  await play.settle('p3', ended('b', 'timed_out'))
  expect(told).toEqual(['done a', 'not b'])
})

test('useJob: the newest of a session, and its actions ask for that one', async () => {
  let view!: ReturnType<typeof useJob>
  let which: Parameters<typeof useJob>[0]
  const Page = () => {
    view = useJob(which)
    return `${view.job?.id} ${view.ready}`
  }
  let draw = () => {}
  const { play, text } = await page(() => {
    draw = useDraw()
    return Page()
  })
  expect([text(), await view.pause()]).toEqual(['undefined false', undefined])
  which = { session: 's1' }
  await act(async () => draw())
  await play.open()
  await play.snapshot([job('old', 9), job('new', 2, { createdAt: '2026-11-22T11:00:00Z' })])
  expect(text()).toBe('new true')
  answer(play.world, 200, job('new', 3, { status: 'paused', createdAt: '2026-11-22T11:00:00Z' }))
  await act(async () => void (await view.pause()))
  expect(play.world.requests.at(-1)?.url).toBe('http://tidings.test/api/v1/jobs/new/pause')
  await play.draw()
  expect(view.job?.status).toBe('paused')
})

test('useJobs: what is active, and two components share one subscription', async () => {
  const Badge = () => `${useJobs().activeCount}`
  const { play, text } = await page(() => {
    const { isLoading, isConnected, active } = useJobs({ owner: 'me' })
    return (
      <>
        {`${isLoading} ${isConnected} ${active.map(({ id }) => id)} `}
        <Badge />
      </>
    )
  })
  await play.open()
  expect([text(), play.subscriptions()]).toEqual(['true false  0', [1]])
  await play.snapshot([job('a', 2), ended('b', 'failed')])
  expect(text()).toBe('false true a 1')
})

test('useJobs: nothing is followed without a topic, and refreshing does no harm', async () => {
  let mine: { owner: string } | null = null
  let refresh!: () => void
  let draw = () => {}
  const { play, text } = await page(() => {
    draw = useDraw()
    const jobs = useJobs(mine)
    refresh = jobs.refresh
    return `${jobs.isLoading} ${jobs.jobs.length}`
  })
  expect([text(), play.world.sockets.length]).toEqual(['false 0', 0])
  mine = { owner: 'me' }
  await act(async () => draw())
  await play.open()
  await play.snapshot([job('a', 2)])
  refresh()
  await play.draw()
  expect([text(), play.world.sockets.length, play.subscriptions()]).toEqual(['false 1', 1, [1]])
})

test('useDigest: what runs, what settled, and that it was read', async () => {
  let digest!: ReturnType<typeof useDigest>
  const { play, text } = await page(() => {
    digest = useDigest()
    return `${digest.running.length} ${digest.settled.length} ${digest.unread}`
  })
  await play.open()
  await play.snapshot([job('a', 2), job('b', 2)])
  await play.settle('p2', ended('a', 'failed'))
  expect(text()).toBe('1 1 1')
  await act(async () => digest.read())
  expect(text()).toBe('1 1 0')
})

test('1,000 components with all hooks leave nothing behind', async () => {
  const All = ({ n }: { n: number }) => {
    const session = `s${n % 20}`
    useJobs()
    useJob({ session })
    useSettled('check', () => {})
    useDigest()
    return useTask({ autoConnect: { session } }).status
  }
  const { play, render } = await page(() => null)
  for (let n = 0; n < 20; n++) {
    const numbers = Array.from({ length: 50 }, (_, m) => n * 50 + m)
    await render(() => numbers.map((number) => <All key={number} n={number} />))
    if (n === 10) await play.open()
    await render(() => null)
    await play.pass(100)
  }
  await play.pass(5_000)
  expect(play.leftBehind()).toEqual({ sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 })
})

test('a page that a server rendered is taken over without a difference, though there is something to show by then', async () => {
  const play = new Play(screenOf(library))
  await play.follow(job('a', 1))
  const Page = () => <p>{useJobs(topic).jobs.map(({ id }) => id)}</p>
  const tree = (
    <TidingsProvider client={play.world.client}>
      <Page />
    </TidingsProvider>
  )
  const at = document.createElement('main')
  at.innerHTML = renderToString(tree)
  expect(at.textContent).toBe('')
  const differences: unknown[] = []
  await act(
    async () => void roots.push(hydrateRoot(at, tree, { onRecoverableError: (error) => differences.push(error) })),
  )
  expect([at.textContent, differences]).toEqual(['a', []])
})

test('without a provider there is one client for the origin of the page', async () => {
  const seen = new Set<unknown>()
  const Asks = () => {
    seen.add(useTidings())
    return null
  }
  const root = createRoot(document.createElement('main'))
  roots.push(root)
  await act(async () => root.render([<Asks key="1" />, <Asks key="2" />]))
  expect(seen.size).toBe(1)
})

function useDraw(): () => void {
  const [, set] = useState(0)
  return () => set((n) => n + 1)
}
