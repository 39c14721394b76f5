import { expect, test } from 'vitest'
import type { JobSummary } from '../src/index.js'
import { sentenceOf, type TaskCallbacks, TaskRun, type TaskTarget } from '../src/task-run.js'
import type { FakeStorage } from './browser.js'
import { job, update, World } from './world.js'

interface Input {
  url: string
}
type Output = { broken: number }

/** A page with one task on it, and what it was told. */
class Page {
  readonly world: World
  readonly run: TaskRun<Input, Output>
  readonly told: string[] = []
  position = 1
  private end: (() => void) | undefined

  constructor(target?: TaskTarget, more: { local?: FakeStorage; callbacks?: TaskCallbacks<Output> } = {}) {
    this.world = new World({ ...(more.local && { local: more.local }) })
    this.run = new TaskRun<Input, Output>(this.world.client, target)
    this.run.callbacks = {
      onComplete: (result) => void this.told.push(`complete ${JSON.stringify(result)}`),
      onError: (error) => void this.told.push(`error ${error}`),
      ...more.callbacks,
    }
  }

  show(): this {
    this.end = this.run.view.subscribe(() => {})
    return this
  }

  hide(): void {
    this.end?.()
  }

  get state() {
    return this.run.view.getSnapshot()
  }

  async draw(): Promise<void> {
    await this.world.settle()
    this.world.draw()
    await this.world.settle()
  }

  answer(status: number, body: object): void {
    this.world.answer = { status, body: JSON.stringify(body) }
  }

  /** Starts a task that the server takes as `id`. */
  async start(id = 'a'): Promise<void> {
    this.answer(201, job(id, 1, { status: 'pending' }))
    await this.run.actions.startTask('check', { url: 'u' })
    await this.draw()
  }

  /** Lets the connection come, and answers the newest subscription. */
  async open(...jobs: JobSummary[]): Promise<void> {
    await this.world.open()
    await this.snapshot(...jobs)
  }

  async snapshot(...jobs: JobSummary[]): Promise<void> {
    await this.snapshotOf(this.world.socket.subscribes().at(-1), ...jobs)
  }

  async snapshotOf(frame: Record<string, unknown> | undefined, ...jobs: JobSummary[]): Promise<void> {
    const id = frame?.id
    const live = { type: 'live', id, position: `p${this.position++}`, resumed: false }
    this.world.socket.say({ type: 'snapshot', id, jobs }, live)
    await this.draw()
  }

  async update(of: JobSummary): Promise<void> {
    const subs = this.world.socket.subscribes().map(({ id }) => id as number)
    this.world.socket.say(update(`p${this.position++}`, of, subs))
    await this.draw()
  }

  topics(): unknown[] {
    return this.world.socket.subscribes().map((frame) => frame.topic)
  }

  paths(): string[] {
    return this.world.requests.map(
      ({ url, init }) => `${init.method} ${url.slice('http://tidings.test/api/v1'.length)}`,
    )
  }
}

const ended = (id: string, rev: number, status: string, more: Partial<JobSummary> = {}) =>
  job(id, rev, { status, settlement: 1, endedAt: '2026-11-22T11:00:00Z', ...more })

test('before anything was started it is idle, and nothing is opened', async () => {
  const page = new Page().show()
  await page.draw()
  expect(page.state).toMatchObject({ status: 'idle', message: '', isConnected: false, isLooking: false })
  expect(page.state.taskId).toBeUndefined()
  expect(page.world.sockets).toHaveLength(0)
})

test('from start to result', async () => {
  const page = new Page().show()
  page.answer(201, job('a', 1, { status: 'pending', reason: 'no_worker' }))
  const options = { session: 's1', tags: ['x'], idempotencyKey: 'once' }
  const starting = page.run.actions.startTask('check', { url: 'u' }, options)
  expect(page.state).toMatchObject({ status: 'pending', message: 'It is being started.' })
  expect(await starting).toBe('a')
  expect(page.state).toMatchObject({ taskId: 'a', status: 'pending', message: 'It waits for its turn (no worker).' })
  const [{ init }] = page.world.requests
  expect(JSON.parse(String(init.body))).toEqual({ task: 'check', input: { url: 'u' }, session: 's1', tags: ['x'] })
  expect(init.headers).toMatchObject({ 'idempotency-key': 'once' })

  await page.open(job('a', 2, { progress: { percentage: 5, message: 'Fetching' } }))
  expect(page.topics()).toEqual([{ job: 'a' }])
  expect(page.state).toMatchObject({ status: 'running', message: 'Fetching', isConnected: true })

  page.answer(200, { ...ended('a', 3, 'completed'), result: { broken: 2 } })
  page.world.socket.say(update('p9', ended('a', 3, 'completed', { progress: { message: 'Two broken' } })))
  page.world.draw()
  expect([page.state.status, page.state.message, page.told]).toEqual(['completed', 'Two broken', []])
  await page.world.settle()
  expect(page.state).toMatchObject({ result: { broken: 2 }, error: undefined })
  expect(page.told).toEqual(['complete {"broken":2}'])
  await page.update(ended('a', 4, 'completed'))
  expect(page.told).toHaveLength(1)
  expect(page.paths()).toEqual(['POST /jobs', 'GET /jobs/a'])
})

const failures: [string, Partial<JobSummary>, string][] = [
  ['failed', { error: { kind: 'exit', message: 'Exit code 3.' } }, 'Exit code 3.'],
  ['failed', {}, 'It failed.'],
  ['aborted', { reason: 'by_user' }, 'It was aborted (by user).'],
  ['timed_out', {}, 'It took too long and was stopped.'],
  ['lost', {}, 'What ran it was lost.'],
]

test.each(failures)('an end without success is one sentence: %s %j', async (status, more, sentence) => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  await page.update(ended('a', 3, status, more))
  await page.update(ended('a', 4, status, { ...more, tags: ['later'] }))
  expect(page.state).toMatchObject({ status, error: sentence })
  expect(page.told).toEqual([`error ${sentence}`])
})

test('a retried task is told again', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(ended('a', 2, 'failed'))
  await page.update(job('a', 3, { status: 'pending', settlement: 1, progress: { message: 'Old words' } }))
  expect(page.state).toMatchObject({ status: 'pending', error: undefined, message: 'It waits for its turn.' })
  page.answer(200, { result: { broken: 0 } })
  await page.update(ended('a', 4, 'completed', { settlement: 2 }))
  expect(page.told).toEqual(['error It failed.', 'complete {"broken":0}'])
})

test('a submit that is refused shows why, is told, and does not reject', async () => {
  const page = new Page().show()
  page.answer(422, { code: 'invalid_input', title: 'Not valid', detail: 'url is missing' })
  expect(await page.run.actions.startTask('check', { url: '' })).toBeUndefined()
  expect(page.state).toMatchObject({ status: 'failed', error: 'url is missing', taskId: undefined })
  expect(page.told).toEqual(['error url is missing'])
  await page.start()
  expect(page.state).toMatchObject({ status: 'pending', error: undefined })
})

test('an input that is no JSON is refused like any other', async () => {
  const page = new Page()
  const input = { url: 1n as unknown as string }
  expect(await page.run.actions.startTask('check', input)).toBeUndefined()
  expect(page.told).toHaveLength(1)
})

test('an abort before the submit was answered is asked as soon as it is', async () => {
  const page = new Page().show()
  page.answer(201, job('a', 1, { status: 'pending' }))
  const starting = page.run.actions.startTask('check', { url: 'u' })
  const aborting = page.run.actions.abortTask()
  await Promise.all([starting, aborting])
  expect(await aborting).toBe(true)
  expect(page.paths()).toEqual(['POST /jobs', 'POST /jobs/a/abort'])
})

test('with nothing started a verb asks nothing', async () => {
  const page = new Page().show()
  expect(await page.run.actions.pauseTask()).toBe(false)
  expect(page.paths()).toEqual([])
})

test('an end that is only expected is not told', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 1, { status: 'pending' }))
  page.answer(409, { code: 'not_allowed', title: 'Not now', detail: 'It runs by now.' })
  const aborting = page.run.actions.abortTask()
  page.world.draw()
  expect(page.state).toMatchObject({ status: 'aborted', error: undefined })
  expect(await aborting).toBe(false)
  await page.draw()
  expect(page.state).toMatchObject({ status: 'pending', error: 'It runs by now.' })
  expect(page.told).toEqual([])
  await page.update(job('a', 2))
  expect(page.state.error).toBeUndefined()
})

test('a second start lets go of the first', async () => {
  const page = new Page().show()
  await page.start('a')
  await page.open(job('a', 2))
  await page.start('b')
  await page.snapshot(job('b', 2))
  await page.update(ended('a', 3, 'failed'))
  expect([page.state.taskId, page.state.status, page.told]).toEqual(['b', 'running', []])
})

test('a second start wins over a first that is not answered yet', async () => {
  const page = new Page().show()
  page.answer(201, job('a', 1))
  const first = page.run.actions.startTask('check', { url: 'u' })
  await page.start('b')
  await first
  expect(page.state.taskId).toBe('b')
})

test('a task that exists is followed, and its end is told though it was before', async () => {
  const page = new Page().show()
  page.run.actions.connectToTask('a')
  expect(page.state).toMatchObject({ taskId: 'a', status: 'pending', message: 'Looking for it.' })
  await page.open(ended('a', 7, 'lost'))
  page.run.actions.connectToTask('a')
  await page.draw()
  expect(page.told).toEqual(['error What ran it was lost.'])
})

test('a task that does not exist is an error', async () => {
  const page = new Page().show()
  page.run.actions.connectToTask('a')
  await page.world.open()
  page.world.socket.say({ type: 'error', id: 1, code: 'not_found', message: 'There is no such job.' })
  await page.draw()
  expect(page.state).toMatchObject({ status: 'failed', error: 'There is no such job.', message: '' })
  expect(page.told).toEqual(['error There is no such job.'])
})

test('a page that is loaded in mid-job takes up the newest of its session', async () => {
  const page = new Page({ session: 's1' })
  expect(page.state).toMatchObject({ status: 'idle', isLooking: true })
  page.show()
  await page.open(job('new', 4, { createdAt: '2026-11-22T12:00:00Z' }), job('old', 9))
  expect(page.state).toMatchObject({ taskId: 'new', status: 'running', isLooking: false })
  await page.snapshot(job('new', 4))
  await page.update(ended('new', 5, 'failed'))
  expect(page.told).toEqual(['error It failed.'])
})

test('a session without a job leaves room for a start', async () => {
  const page = new Page({ session: 's1' }).show()
  await page.open()
  expect(page.state).toMatchObject({ status: 'idle', isLooking: false })
  const starting = page.start()
  expect(page.state).toMatchObject({ status: 'pending', isLooking: false })
  await starting
  expect(page.state).toMatchObject({ taskId: 'a', status: 'pending' })
})

test('an end from before the page was loaded is told once per browser', async () => {
  const first = new Page({ session: 's1' }).show()
  await first.open(job('a', 2))
  await first.snapshot(job('a', 2))

  const second = new Page({ session: 's1' }, { local: first.world.local }).show()
  await second.open(ended('a', 3, 'failed'))
  await second.snapshot(ended('a', 3, 'failed'))
  expect(second.told).toEqual(['error It failed.'])

  const third = new Page({ session: 's1' }, { local: first.world.local }).show()
  await third.open(ended('a', 3, 'failed'))
  await third.snapshot(ended('a', 3, 'failed'))
  expect([third.state.status, third.told]).toEqual(['failed', []])
})

test('another target lets go of the former, the same one changes nothing', async () => {
  const page = new Page({ session: 's1' }).show()
  await page.open(job('a', 2))
  page.run.autoConnect({ session: 's1' })
  expect(page.state.taskId).toBe('a')
  page.run.autoConnect({ session: 's2' })
  expect(page.state).toMatchObject({ taskId: undefined, status: 'idle', isLooking: true })
  expect(page.topics().at(-1)).toEqual({ session: 's2' })
  page.run.autoConnect('b')
  expect(page.state).toMatchObject({ taskId: 'b', status: 'pending' })
  page.run.autoConnect(undefined)
  expect(page.state).toMatchObject({ taskId: undefined, status: 'idle', isLooking: false })
})

test('a started task whose id becomes the target stays as it is', async () => {
  const page = new Page().show()
  await page.start('a')
  await page.open(job('a', 2))
  page.run.autoConnect('a')
  expect(page.state.status).toBe('running')
})

test('without autoConnect a started task is followed only when asked', async () => {
  const page = new Page(false).show()
  await page.start()
  expect([page.state.taskId, page.world.sockets.length]).toEqual(['a', 0])
  page.run.actions.connectToTask('a')
  await page.open(job('a', 3))
  expect(page.state.status).toBe('running')
})

test('disconnect follows nothing more, and what was shown stays', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  page.run.actions.disconnect()
  await page.update(ended('a', 3, 'failed'))
  expect(page.state).toMatchObject({ taskId: 'a', status: 'running', isConnected: false })
  expect([page.told, page.paths()]).toEqual([[], ['POST /jobs']])
  page.world.pass(2_000)
  expect(page.world.socket.closed).toBe(true)
})

test('a result that cannot be read now is asked for again', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  page.world.reachable = false
  await page.update(ended('a', 3, 'completed'))
  expect([page.state.status, page.state.error, page.told]).toEqual(['completed', undefined, []])
  page.world.reachable = true
  page.answer(200, { result: { broken: 1 } })
  page.world.pass(2_000)
  await page.draw()
  expect(page.told).toEqual(['complete {"broken":1}'])
})

test('a result that is gone is an error', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  page.answer(404, { code: 'not_found', title: 'There is no such job.' })
  await page.update(ended('a', 3, 'completed'))
  expect(page.state).toMatchObject({ status: 'completed', error: 'There is no such job.' })
  expect(page.told).toEqual(['error There is no such job.'])
})

test('nothing of a former user is kept, and a session is looked at anew for the next', async () => {
  const page = new Page({ session: 's1' }).show()
  await page.open(job('a', 2))
  page.world.me = { subject: 'bob', tenant: 'default', scopes: [] }
  page.world.socket.end(4101)
  expect(page.state).toMatchObject({ taskId: undefined, job: undefined, status: 'idle' })
  page.world.pass(0)
  await page.world.open()
  await page.snapshotOf(
    page.world.socket.subscribes().find((frame) => 'session' in (frame.topic as object)),
    job('b', 1),
  )
  expect(page.state.taskId).toBe('b')
})

test('a task that nobody looks at is not shown to another user', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  const end = page.world.client.jobs({ owner: 'me' }).subscribe(() => {})
  page.hide()
  page.world.socket.end(4200)
  page.world.draw()
  expect(page.state).toMatchObject({ taskId: undefined, status: 'idle' })
  end()
})

test('hidden it follows nothing; shown again it goes on, and tells what it missed', async () => {
  const page = new Page().show()
  await page.start()
  await page.open(job('a', 2))
  page.hide()
  page.world.pass(2_000)
  expect(page.world.socket.closed).toBe(true)
  page.show()
  await page.open(ended('a', 3, 'failed'))
  expect(page.told).toEqual(['error It failed.'])
  page.hide()
  page.world.pass(2_000)
  expect((page.world as unknown as { timers: Map<number, unknown> }).timers.size).toBe(0)
})

test('updates say what changed', async () => {
  const types: string[] = []
  const onUpdate: TaskCallbacks<Output>['onUpdate'] = (told) => void types.push(`${told.type} ${told.status}`)
  const page = new Page(undefined, { callbacks: { onUpdate } }).show()
  await page.start()
  await page.open(job('a', 2))
  page.world.socket.say({ type: 'progress', subs: [1], id: 'a', rev: 2, tick: 1, progress: { percentage: 5 } })
  await page.draw()
  page.answer(200, { result: { broken: 1 } })
  await page.update(ended('a', 3, 'completed'))
  expect(types).toEqual([
    ...['status pending', 'progress pending', 'status running', 'progress running'],
    ...['status completed', 'result completed'],
  ])
})

test('other words may be given; an unknown status shows its name', async () => {
  expect(sentenceOf({ status: 'on_hold' })).toBe('on hold.')
  const page = new Page(undefined, { callbacks: { sentence: ({ status }) => `~${status}~` } }).show()
  page.answer(201, job('a', 1, { status: 'pending' }))
  const starting = page.run.actions.startTask('check', { url: 'u' })
  expect(page.state.message).toBe('~starting~')
  await starting
  expect(page.state.message).toBe('~pending~')
})
