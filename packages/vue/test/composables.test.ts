// @vitest-environment happy-dom
import type { JobSummary, JobsTopic } from '@tidings/client'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { type App, type ComputedRef, createApp, createSSRApp, effectScope, h, nextTick, ref, shallowRef } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { type Driver, Play, topic } from '../../client/test/scenarios.js'
import { job, type World } from '../../client/test/world.js'
import { createTidings, useDigest, useJob, useJobs, useSettled, useTask, useTidings } from '../src/index.js'

/** Plays the server; the composables of these tests draw by themselves. */
const noScreen = (): Driver => ({
  mount: () => {},
  unmount: () => {},
  draw: async (happen) => {
    happen()
    await nextTick()
  },
  jobs: () => [],
  statusOf: () => undefined,
  percentOf: () => undefined,
  askingOf: () => undefined,
  error: () => undefined,
  connectionState: () => '',
  settled: () => [],
  pause: async () => '',
})

const apps: App[] = []

afterEach(() => {
  for (const app of apps.splice(0)) app.unmount()
})

/** A page whose text is what `setup` returns, and the world that it lives in. */
async function page(setup: () => () => unknown) {
  const play = new Play(noScreen)
  const at = document.createElement('main')
  const app = createApp({ setup: () => setup() as never }).use(createTidings({ client: play.world.client }))
  apps.push(app)
  app.mount(at)
  await nextTick()
  return { play, app, text: () => at.textContent }
}

const ended = (id: string, status: string): JobSummary =>
  job(id, 5, { status, settlement: 1, endedAt: '2026-11-22T11:00:00Z' })

function answer(world: World, status: number, body: object): void {
  world.answer = { status, body: JSON.stringify(body) }
}

test('useTask: from a click to its result, told once', async () => {
  const told: string[] = []
  let task!: ReturnType<typeof useTask<{ url: string }, { broken: number }>>
  const { play, text } = await page(() => {
    task = useTask<{ url: string }, { broken: number }>({
      onComplete: ({ broken }) => told.push(`complete ${broken}`),
      onError: (error) => told.push(error),
    })
    return () => `${task.status.value} ${task.message.value}`
  })
  expect([text(), play.world.sockets.length]).toEqual(['idle ', 0])
  answer(play.world, 201, job('a', 1, { status: 'pending' }))
  expect(await task.startTask('check', { url: 'u' })).toBe('a')
  await play.open()
  await play.snapshot([job('a', 2, { progress: { message: 'Half' } })])
  expect([text(), task.isConnected.value]).toEqual(['running Half', true])
  answer(play.world, 200, { result: { broken: 2 } })
  await play.settle('p2', ended('a', 'completed'))
  await play.draw()
  expect([text(), told]).toEqual(['completed It is done.', ['complete 2']])
  expectTypeOf(task.result).toEqualTypeOf<ComputedRef<{ broken: number } | undefined>>()
})

test('useTask: a page that is loaded in mid-job shows it again; another target lets go of it', async () => {
  const session = ref('s1')
  const { play, text } = await page(() => {
    const { taskId, isLooking } = useTask({ autoConnect: () => ({ session: session.value }) })
    return () => `${isLooking.value} ${taskId.value}`
  })
  expect(text()).toBe('true undefined')
  await play.open()
  await play.snapshot([job('a', 2)])
  expect(text()).toBe('false a')
  session.value = 's2'
  await nextTick()
  expect(text()).toBe('true undefined')
})

test('useTask: a getter of options is asked at each call', async () => {
  const told: string[] = []
  const name = ref('first')
  const { play } = await page(() => {
    const { status } = useTask(() => {
      const now = name.value
      return { autoConnect: 'a', onError: (error) => told.push(`${now}: ${error}`), sentence: () => now }
    })
    return () => status.value
  })
  await play.open()
  await play.snapshot([job('a', 2)])
  name.value = 'second'
  await play.settle('p2', ended('a', 'failed'))
  expect(told).toEqual(['second: second'])
})

test('useSettled: completion and failure are told apart, by the name of a task that may change', async () => {
  const told: string[] = []
  const task = ref<string | null>(null)
  const { play } = await page(() => {
    useSettled(task, { onCompleted: ({ id }) => told.push(`done ${id}`), onFailed: ({ id }) => told.push(`not ${id}`) })
    return () => ''
  })
  expect(play.world.sockets).toHaveLength(0)
  task.value = 'check'
  await nextTick()
  await play.open()
  expect(play.socket.subscribes().map((frame) => frame.topic)).toEqual([{ task: 'check' }])
  await play.snapshot([])
  await play.settle('p2', ended('a', 'completed'))
  await play.settle('p3', ended('b', 'timed_out'))
  expect(told).toEqual(['done a', 'not b'])
})

test('useJob: the newest of a session, and its actions ask for that one', async () => {
  const which = shallowRef<{ session: string }>()
  let view!: ReturnType<typeof useJob>
  const { play, text } = await page(() => {
    view = useJob(which)
    return () => `${view.job.value?.id} ${view.ready.value}`
  })
  expect([text(), await view.pause()]).toEqual(['undefined false', undefined])
  which.value = { session: 's1' }
  await nextTick()
  await play.open()
  await play.snapshot([job('old', 9), job('new', 2, { createdAt: '2026-11-22T11:00:00Z' })])
  expect(text()).toBe('new true')
  answer(play.world, 200, job('new', 3, { status: 'paused', createdAt: '2026-11-22T11:00:00Z' }))
  await view.pause()
  expect(play.world.requests.at(-1)?.url).toBe('http://tidings.test/api/v1/jobs/new/pause')
  await play.draw()
  expect(view.job.value?.status).toBe('paused')
})

test('useJobs: nothing is followed without a topic; what is active is told', async () => {
  const mine = shallowRef<JobsTopic | null>(null)
  let refresh!: () => void
  const { play, text } = await page(() => {
    const jobs = useJobs(mine)
    refresh = jobs.refresh
    return () =>
      `${jobs.isLoading.value} ${jobs.isConnected.value} ${jobs.active.value.map(({ id }) => id)} ${jobs.activeCount.value}`
  })
  expect([text(), play.world.sockets.length]).toEqual(['false false  0', 0])
  mine.value = { owner: 'me' }
  await nextTick()
  expect(text()).toBe('true false  0')
  await play.open()
  await play.snapshot([job('a', 2), ended('b', 'failed')])
  refresh()
  await play.draw()
  expect([text(), play.world.sockets.length, play.subscriptions()]).toEqual(['false true a 1', 1, [1]])
})

test('useDigest: what runs, what settled, and that it was read', async () => {
  let digest!: ReturnType<typeof useDigest>
  const { play, text } = await page(() => {
    digest = useDigest()
    return () => `${digest.running.value.length} ${digest.settled.value.length} ${digest.unread.value}`
  })
  await play.open()
  await play.snapshot([job('a', 2), job('b', 2)])
  await play.settle('p2', ended('a', 'failed'))
  expect(text()).toBe('1 1 1')
  digest.read()
  await nextTick()
  expect(text()).toBe('1 1 0')
})

test('1,000 components with all composables leave nothing behind', async () => {
  const shown = shallowRef<number[]>([])
  const All = {
    props: { n: { type: Number, required: true } },
    setup(props: { n: number }) {
      const session = `s${props.n % 20}`
      useJobs()
      useJob({ session })
      useSettled('check', () => {})
      useDigest()
      const { status } = useTask({ autoConnect: { session } })
      return () => status.value
    },
  }
  const { play } = await page(() => () => shown.value.map((n) => h(All, { key: n, n })))
  for (let n = 0; n < 20; n++) {
    shown.value = Array.from({ length: 50 }, (_, m) => n * 50 + m)
    await nextTick()
    if (n === 10) await play.open()
    shown.value = []
    await nextTick()
    await play.pass(100)
  }
  await play.pass(5_000)
  expect(play.leftBehind()).toEqual({ sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 })
})

test('in a scope without a component, such as a store, it follows until the scope ends', async () => {
  const { play, app } = await page(() => () => '')
  const scope = effectScope(true)
  const jobs = app.runWithContext(() => scope.run(() => useJobs({ owner: 'me' })))
  await play.open()
  await play.snapshot([job('a', 2)])
  expect(jobs?.activeCount.value).toBe(1)
  scope.stop()
  await play.pass(5_000)
  expect(play.leftBehind()).toMatchObject({ sockets: 0, topics: 0, listeners: 0 })
})

test('a page that a server rendered is taken over without a difference, though there is something to show by then', async () => {
  const { play } = await page(() => {
    const { jobs } = useJobs(topic)
    return () => jobs.value.map(({ id }) => id).join()
  })
  await play.open()
  await play.snapshot([job('a', 1)])
  const Page = {
    setup() {
      const { jobs } = useJobs(topic)
      return () => h('p', jobs.value.map(({ id }) => id).join())
    },
  }
  const app = () => createSSRApp(Page).use(createTidings({ client: play.world.client }))
  const at = document.createElement('main')
  at.innerHTML = await renderToString(app())
  expect(at.innerHTML).toBe('<p></p>')
  const taken = app()
  apps.push(taken)
  const differences: string[] = []
  taken.config.warnHandler = (message) => differences.push(message)
  taken.mount(at)
  await nextTick()
  expect([at.textContent, differences]).toEqual(['a', []])
})

test('without a plugin there is one client for the origin of the page', () => {
  expect(useTidings()).toBe(useTidings())
})
