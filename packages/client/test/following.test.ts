import { expect, onTestFinished, test, vi } from 'vitest'
import { countsOf, tasksOf } from '../src/counts.js'
import { browserEnvironment } from '../src/environment.js'
import { outputOf } from '../src/output.js'
import { job, live, uncaught, update, World } from './world.js'

const tenant = { tenant: true } as const

test('a token is sent before anything else, and never in the address', async () => {
  const world = new World()
  await world.follow([])
  expect(world.socket.url).toBe('ws://tidings.test/api/v1/live')
  expect(world.socket.sent).toEqual([
    { type: 'auth', token: 'token-1' },
    { type: 'subscribe', id: 1, topic: tenant },
  ])
})

test('a snapshot shows when its join ends, newest first', async () => {
  const world = new World()
  world.client.jobs(tenant).subscribe(() => {})
  const socket = await world.open()
  socket.say({ type: 'snapshot', id: 1, jobs: [job('old', 3)], more: true })
  expect(world.held()).toEqual([])
  socket.say({ type: 'snapshot', id: 1, jobs: [job('new', 1, { createdAt: '2026-11-22T11:00:00Z' })] })
  socket.say({ type: 'live', id: 1, position: 'p1', resumed: false, truncated: true })
  expect(world.held()).toEqual(['new@1', 'old@3'])
  expect(world.client.jobs(tenant).getSnapshot()).toMatchObject({ ready: true, truncated: true })
})

test('what is sent between a snapshot and its end belongs to it', async () => {
  const world = new World()
  world.client.jobs(tenant).subscribe(() => {})
  const socket = await world.open()
  socket.say({ type: 'snapshot', id: 1, jobs: [job('a', 3), job('b', 1)] }, update('p2', job('a', 4)))
  socket.say({ type: 'left', position: 'p3', subs: [1], id: 'b', rev: 2 })
  socket.say({ type: 'live', id: 1, position: 'p3', resumed: false })
  expect(world.held()).toEqual(['a@4'])
})

test('a join that the server starts over is shown once', async () => {
  const world = new World()
  world.client.jobs(tenant).subscribe(() => {})
  const socket = await world.open()
  socket.say({ type: 'snapshot', id: 1, jobs: [job('gone', 1)] }, { type: 'snapshot', id: 1, jobs: [job('a', 1)] })
  socket.say({ type: 'live', id: 1, position: 'p2', resumed: false, reason: 'overflow' })
  expect(world.held()).toEqual(['a@1'])
})

const revisions: [string, number, string[]][] = [
  ['higher replaces', 4, ['a@4']],
  ['a leap replaces', 9, ['a@9']],
  ['equal is dropped', 3, ['a@3']],
  ['lower is dropped', 2, ['a@3']],
]

test.each(revisions)('rev: %s', async (_, rev, held) => {
  const world = new World()
  const socket = await world.follow([job('a', 3)])
  socket.say(update('p2', job('a', rev)))
  expect(world.held()).toEqual(held)
})

const ticks: [string, number, number, number][] = [
  ['a higher tick on the same rev', 3, 6, 60],
  ['an equal tick', 3, 5, 50],
  ['a lower tick', 3, 4, 50],
  ['a rev that is not here yet', 4, 9, 50],
  ['a rev that is over', 2, 9, 50],
]

test.each(ticks)('progress: %s', async (_, rev, tick, shown) => {
  const world = new World()
  const socket = await world.follow([job('a', 3, { progress: { percentage: 50, tick: 5 } })])
  socket.say({ type: 'progress', subs: [1], id: 'a', rev, tick, progress: { percentage: 60 } })
  world.draw()
  expect(world.client.jobs(tenant).getSnapshot().jobs[0].progress?.percentage).toBe(shown)
})

test('a job that left is gone, but not by an older word', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 3), job('b', 3)])
  socket.say({ type: 'left', position: 'p2', subs: [1], id: 'a', rev: 4 })
  socket.say({ type: 'left', position: 'p3', subs: [1], id: 'b', rev: 2, kind: 'deleted' })
  expect(world.held()).toEqual(['b@3'])
})

test('unknown frames, fields, kinds and subscriptions are ignored', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 3)])
  socket.say({ type: 'confetti', id: 1 }, update('p2', job('a', 9), [77]), {
    ...update('p3', job('a', 4)),
    kind: 'blessed',
  })
  expect(world.held()).toEqual(['a@4'])
})

test('frames that only a newer server sends keep no subscription from its position', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  socket.say({ type: 'confetti', id: 1 }, { type: 'confetti', subs: 'all' }, { type: 'confetti' })
  socket.say(update('p5', job('a', 2)))
  socket.end(1006)
  world.pass(20_000)
  expect((await world.open()).subscribes()[0].after).toBe('p5')
})

test('listeners are told once a frame, and the picture stands still between', async () => {
  const world = new World()
  let told = 0
  world.client.jobs(tenant).subscribe(() => void told++)
  const socket = await world.open()
  socket.say({ type: 'live', id: 1, position: 'p1', resumed: false })
  world.draw()
  told = 0
  const before = world.client.jobs(tenant).getSnapshot()
  for (let rev = 1; rev <= 100; rev++) socket.say(update(`p${rev}`, job('a', rev)))
  expect(world.client.jobs(tenant).getSnapshot()).toBe(before)
  expect(world.frames).toHaveLength(1)
  world.draw()
  expect(told).toBe(1)
  expect(world.held()).toEqual(['a@100'])
})

test('a listener that throws keeps the others from nothing', async () => {
  const world = new World()
  let told = 0
  world.client.jobs(tenant).subscribe(() => {
    throw new Error('mine')
  })
  world.client.jobs(tenant).subscribe(() => void told++)
  const socket = await world.open()
  socket.say(live(1, 'p1'))
  expect(await uncaught(() => world.draw())).toEqual(['Error: mine'])
  expect(told).toBe(1)
})

test('a picture that is never drawn, because the page is hidden before, is told of all the same', () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const page = { hidden: false }
  vi.stubGlobal('document', page)
  vi.stubGlobal('requestAnimationFrame', () => 1)
  let told = 0
  browserEnvironment().frame(() => void told++)
  page.hidden = true
  vi.advanceTimersByTime(250)
  expect(told).toBe(1)
})

test('two that look at one topic share a subscription, which ends after the last', async () => {
  const world = new World()
  const first = world.client.jobs(tenant).subscribe(() => {})
  const second = world.client.jobs({ tenant: true }).subscribe(() => {})
  const socket = await world.open()
  expect(socket.subscribes()).toHaveLength(1)
  first()
  first()
  world.pass(5_000)
  expect(socket.sent.at(-1)).toMatchObject({ type: 'subscribe' })
  second()
  world.pass(500)
  const third = world.client.jobs(tenant).subscribe(() => {})
  world.pass(5_000)
  expect(socket.sent.at(-1)).toMatchObject({ type: 'subscribe' })
  third()
  world.pass(5_000)
  expect(socket.closed).toBe(true)
  expect(world.connection()).toBe('idle')
  world.client.jobs(tenant).subscribe(() => {})
  const next = await world.open()
  expect(next.subscribes()).toEqual([{ type: 'subscribe', id: 2, topic: tenant }])
})

test('a topic is let go of while others go on', async () => {
  const world = new World()
  await world.follow([])
  const end = world.client.jobs({ owner: 'me' }).subscribe(() => {})
  end()
  world.pass(1_000)
  expect(world.socket.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 2 })
  expect(world.socket.closed).toBe(false)
})

test('a topic that is refused says why, and others go on', async () => {
  const world = new World()
  world.client.jobs({ job: 'job_x' }).subscribe(() => {})
  const socket = await world.open()
  socket.say({ type: 'error', id: 1, code: 'not_found', message: 'There is no such job.' })
  world.draw()
  expect(world.client.jobs({ job: 'job_x' }).getSnapshot().error?.code).toBe('not_found')
  expect(world.connection()).toBe('live')
})

test('a topic that is refused later shows nothing of before', async () => {
  const world = new World()
  const socket = await world.follow([job('a', 1)])
  socket.say({ type: 'error', id: 1, code: 'forbidden', message: 'The rights of this token are others now.' })
  expect(world.held()).toEqual([])
  expect(world.client.jobs(tenant).getSnapshot().error?.code).toBe('forbidden')
})

test('ended jobs are held up to a bound, active ones all', async () => {
  const world = new World()
  const ended = Array.from({ length: 700 }, (_, n) => job(`e${String(n).padStart(3, '0')}`, 1, { status: 'completed' }))
  await world.follow([job('a', 1), ...ended])
  const view = world.client.jobs(tenant).getSnapshot()
  expect(view.jobs).toHaveLength(501)
  expect(view.truncated).toBe(true)
})

test('output gathers by its own cursor', async () => {
  const world = new World()
  const output = outputOf(world.client, 'job_a')
  output.subscribe(() => {})
  let socket = await world.open()
  const piece = (attempt: number, offset: number, text: string, gap?: object) => ({
    ...{ type: 'output', subs: [1], id: 'job_a', attempt, offset, next: offset + text.length, ...(gap && { gap }) },
    chunks: [{ stream: 'stdout', at: '2026-11-22T10:00:00Z', text }],
  })
  socket.say(piece(1, 0, 'one\n'), { type: 'live', id: 1, resumed: false }, piece(1, 4, 'two\n'), piece(1, 4, 'two\n'))
  world.draw()
  expect(output.getSnapshot().pieces.map((each) => each.text)).toEqual(['one\n', 'two\n'])
  socket.end(1006)
  world.pass(20_000)
  socket = await world.open()
  expect(socket.subscribes()[0].after).toBe('1:8')
  socket.say({ type: 'live', id: 1, resumed: true }, piece(2, 100, 'new', { from: 0, to: 100 }))
  world.draw()
  expect(output.getSnapshot().pieces.at(-1)).toMatchObject({ attempt: 2, text: 'new', gap: { from: 0, to: 100 } })
})

test('counts: the newest wins', async () => {
  const world = new World()
  const counts = countsOf(world.client)
  counts.subscribe(() => {})
  const socket = await world.open()
  for (const total of [1, 2]) socket.say({ type: 'stats', subs: [1], stats: { byStatus: {}, total, active: 0 } })
  world.draw()
  expect(counts.getSnapshot()?.total).toBe(2)
})

test('the tasks that can be started come live', async () => {
  const world = new World()
  const tasks = tasksOf(world.client)
  tasks.subscribe(() => {})
  const socket = await world.open()
  expect(socket.subscribes()[0].topic).toEqual({ tasks: true })
  socket.say({ type: 'tasks', subs: [1], tasks: [{ name: 'check', mode: 'process', running: 1, pending: 0 }] })
  world.draw()
  expect(tasks.getSnapshot()?.map((task) => task.name)).toEqual(['check'])
})
