import { expect, test } from 'vitest'
import { Aborted, type Job, LeaseLost, type TrackerOptions, tracker } from '../src/index.js'
import { Clock } from './clock.js'
import { acknowledges, FakeServer, isVerb } from './fake-server.js'

async function begin(options: Partial<TrackerOptions> = {}) {
  const fake = await new FakeServer().listen()
  const clock = new Clock()
  const said: string[] = []
  const warn = (line: string) => said.push(line)
  const tidings = tracker({ url: fake.url, ...options }, { ...clock, random: () => 0.5, warn })
  return { fake, clock, said, tidings }
}

/** Work that goes on until the test says how it ends; `job` resolves once it runs. */
function held<Result>() {
  const works: { finish: (result: Result) => void; fail: (error: unknown) => void }[] = []
  let ready: (job: Job) => void
  const job = new Promise<Job>((resolve) => {
    ready = resolve
  })
  const work = (job: Job) => {
    ready(job)
    return new Promise<Result>((finish, fail) => works.push({ finish, fail }))
  }
  return {
    job,
    work,
    finish: (result: Result) => works[0].finish(result),
    fail: (error: unknown) => works[0].fail(error),
  }
}

test('the result of the work is the result, and the record says all of it', async () => {
  const { fake, said, tidings } = await begin({ token: () => Promise.resolve('key') })
  const options = {
    owner: 'ann',
    session: 'page-1',
    subject: { type: 'report', id: '7' },
    title: 'Sales',
    input: { by: 'month' },
  }
  const result = await tidings.track('report', options, async (job) => {
    expect(job.id).toBe('job_1')
    job.log('begun')
    job.progress(50, 'half')
    job.progress({ percentage: 100.00001, current: 2.2 })
    return { rows: 2 }
  })
  expect(result).toEqual({ rows: 2 })
  const [submit, output, complete] = fake.calls
  expect(submit.body).toEqual({ ...options, task: 'report', mode: 'tracked' })
  expect(submit.headers).toMatchObject({ authorization: 'Bearer key', 'content-type': 'application/json' })
  expect(submit.headers['idempotency-key']).toMatch(/.{16}/)
  expect(output.body).toEqual({ chunks: [{ stream: 'info', text: 'begun\n' }] })
  expect(output.headers['tidings-lease']).toBe('secret')
  expect(complete.verb).toBe('complete')
  expect(complete.body).toEqual({ result: { rows: 2 }, progress: { percentage: 100, message: 'half', current: 2 } })
  expect(fake.calls).toHaveLength(3)
  expect([said, tidings.running]).toEqual([[], 0])
})

test('of much progress the newest is sent, every 200 ms', async () => {
  const { fake, clock, tidings } = await begin()
  const { job, work, finish } = held<number>()
  const over = tidings.track('report', {}, work)
  const running = await job
  for (let percentage = 0; percentage <= 40; percentage += 1) running.progress(percentage)
  await clock.pass(200)
  await fake.seen(isVerb('progress'))
  running.progress({ current: 1 })
  running.progress({ current: 2, message: 'two' })
  await clock.pass(200)
  await fake.seen((call) => call.body.current === 2)
  finish(7)
  expect(await over).toBe(7)
  expect(fake.of('progress').map(({ body }) => body)).toEqual([{ percentage: 40 }, { current: 2, message: 'two' }])
})

test.each([
  [{}, 3_000],
  [{ leaseMs: 1_500 }, 500],
])('silent work beats by itself: with %j every %i ms', async (options, every) => {
  const { fake, clock, tidings } = await begin()
  const { job, work, finish } = held<void>()
  const over = tidings.track('report', options, work)
  await job
  for (let beat = 1; beat <= 3; beat += 1) {
    await clock.pass(every)
    await fake.seen(() => fake.of('heartbeat').length === beat)
  }
  expect(clock.time).toBe(3 * every)
  finish()
  await over
  expect(fake.calls.map(({ verb }) => verb)).toEqual(['submit', 'heartbeat', 'heartbeat', 'heartbeat', 'complete'])
})

test('an error of the work is what track rejects with, and the record says it', async () => {
  const { fake, tidings } = await begin()
  const error = Object.assign(new TypeError('no paper'), { kind: 'printer' })
  await expect(tidings.track('report', {}, () => Promise.reject(error))).rejects.toBe(error)
  expect(fake.calls.at(-1)?.body).toEqual({ error: { kind: 'printer', message: 'no paper' } })
  const described = await begin({ describe: () => ({ kind: 'internal', message: 'something went wrong' }) })
  const thrown = () => {
    throw error
  }
  await expect(described.tidings.track('report', {}, thrown)).rejects.toBe(error)
  expect(described.fake.calls.at(-1)?.body).toEqual({ error: { kind: 'internal', message: 'something went wrong' } })
})

/** Work in small steps, each behind a checkpoint, until it is told that it is done. */
function steps() {
  const at = { count: 0, isDone: false }
  const work = async (job: Job) => {
    while (!at.isDone) {
      await Promise.all([job.checkpoint(), job.checkpoint()])
      at.count += 1
      await new Promise(setImmediate)
    }
    return 'done'
  }
  return { at, work }
}

test('a pause holds the work at its checkpoint until the resume', async () => {
  const { fake, clock, tidings } = await begin()
  const { at, work } = steps()
  const over = tidings.track('report', {}, work)
  const pause = fake.ask('pause')
  await clock.pass(3_000)
  await fake.seen(acknowledges(pause))
  const { count } = at
  for (const looks of [1, 2]) {
    await clock.pass(1_000)
    await fake.seen(() => fake.of('heartbeat').length === 1 + looks)
  }
  // Asked to pause again while it stands: that pause too becomes a fact.
  const again = fake.ask('pause')
  await clock.pass(1_000)
  await fake.seen(acknowledges(again))
  expect(at.count).toBe(count)
  const resume = fake.ask('resume')
  await clock.pass(1_000)
  await fake.seen(acknowledges(resume))
  at.isDone = true
  expect(await over).toBe('done')
  expect(at.count).toBeGreaterThan(count)
  const told = [pause, again, resume].map((acknowledge) => ({ acknowledge }))
  expect(fake.of('progress').map(({ body }) => body)).toEqual(told)
})

test('an abort ends the checkpoint, also a paused one, and is acknowledged once the work has stopped', async () => {
  for (const isPaused of [false, true]) {
    const { fake, clock, tidings } = await begin()
    const { work } = steps()
    let reason: unknown
    const over = tidings.track('report', {}, (job) => {
      job.signal.addEventListener('abort', () => {
        reason = job.signal.reason
      })
      return work(job)
    })
    const refused = over.catch((error: unknown) => error)
    if (isPaused) {
      const pause = fake.ask('pause')
      await clock.pass(3_000)
      await fake.seen(acknowledges(pause))
    }
    const abort = fake.ask('abort')
    await clock.pass(isPaused ? 1_000 : 3_000)
    const error = await refused
    expect(error).toBeInstanceOf(Aborted)
    expect(error).toMatchObject({ name: 'AbortError', asked: 'abort', by: 'ann' })
    expect(reason).toBe(error)
    expect(fake.calls.at(-1)).toMatchObject({ verb: 'progress', body: { acknowledge: abort } })
    expect(fake.status).toBe('aborted')
  }
})

test('what the aborted work threw is the cause; an error of its own is told too', async () => {
  const { fake, clock, tidings } = await begin()
  const { job, work, fail } = held<void>()
  const over = tidings.track('report', {}, work)
  fake.ask('abort')
  const { signal } = await job
  await clock.pass(3_000)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  const broken = new Error('the printer caught fire')
  fail(broken)
  await expect(over).rejects.toMatchObject({ name: 'AbortError', cause: broken })
  expect(fake.calls.at(-1)).toMatchObject({ verb: 'fail', body: { error: { message: broken.message } } })
})

test('work that comes to its end in spite of an abort is told as completed', async () => {
  const { fake, clock, tidings } = await begin()
  const { job, work, finish } = held<string>()
  const over = tidings.track('report', {}, work)
  fake.ask('abort')
  const { signal } = await job
  await clock.pass(3_000)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  finish('done')
  expect(await over).toBe('done')
  expect(fake.calls.at(-1)).toMatchObject({ verb: 'complete', body: { result: 'done' } })
})

test.each([
  [{ code: 'stale_lease', detail: 'another lease' }, LeaseLost],
  [{ code: 'wrong_status', detail: 'it has ended', job: { status: 'aborted' } }, Aborted],
])('work whose lease is gone is stopped and claims nothing: %j', async (problem, reason) => {
  const { fake, said, clock, tidings } = await begin()
  fake.answer = ({ verb }) => (verb === 'heartbeat' ? [409, problem] : undefined)
  const over = tidings.track('report', {}, async (job) => {
    await new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))
  })
  await clock.pass(3_000)
  await expect(over).rejects.toBeInstanceOf(reason)
  expect(fake.calls.map(({ verb }) => verb)).toEqual(['submit', 'heartbeat'])
  expect(said).toEqual([])
})

test('a signal of the app ends the work, and the job fails with its reason', async () => {
  const { fake, tidings } = await begin()
  const stop = new AbortController()
  const over = tidings.track('report', { signal: stop.signal }, async (job) => {
    stop.abort(new Error('the order was withdrawn'))
    await job.checkpoint()
  })
  await expect(over).rejects.toThrow('the order was withdrawn')
  expect(fake.calls.at(-1)).toMatchObject({ verb: 'fail', body: { error: { message: 'the order was withdrawn' } } })
})

test('a result that cannot be kept leaves the job completed without it', async () => {
  const { fake, said, tidings } = await begin()
  fake.answer = ({ verb, body }) => (verb === 'complete' && body.result ? [413, { detail: 'at most 1 MB' }] : undefined)
  expect(await tidings.track('report', {}, () => 'much')).toBe('much')
  expect(await tidings.track('report', {}, () => 10n)).toBe(10n)
  expect(await tidings.track('report', { keep: ({ id }) => id }, () => ({ id: 0, all: 'much' }))).toEqual({
    id: 0,
    all: 'much',
  })
  const ends = fake.calls.slice(1).map(({ verb, body }) => [verb, body.result ?? body.chunks?.[0].text])
  expect(ends.filter(([verb]) => verb !== 'submit')).toEqual([
    ['complete', 'much'],
    ['output', 'The result was not kept: at most 1 MB\n'],
    ['complete', undefined],
    ['output', expect.stringContaining('BigInt')],
    ['complete', undefined],
    ['complete', 0],
  ])
  expect(said).toHaveLength(2)
})
