import { expect, test } from 'vitest'
import { TidingsProblem, type TrackerOptions, tracker } from '../src/index.js'
import { Clock } from './clock.js'
import { FakeServer, freePort, isVerb } from './fake-server.js'

const LATER: [number, object] = [503, { code: 'unavailable', detail: 'the store is away' }]

function begin(url: string, options: Partial<TrackerOptions> = {}) {
  const clock = new Clock()
  const said: string[] = []
  const tidings = tracker({ url, ...options }, { ...clock, random: () => 0.5, warn: (line: string) => said.push(line) })
  return { clock, said, tidings }
}

test('when nothing listens at the start, the work does not run and the error says so', async () => {
  const { clock, tidings } = begin(`http://127.0.0.1:${await freePort()}`)
  let isRun = false
  const over = tidings.track('report', {}, () => {
    isRun = true
  })
  const refused = over.catch((error: unknown) => error)
  for (const wait of [200, 400, 800]) await clock.pass(wait)
  const error = await refused
  expect(error).toBeInstanceOf(TidingsProblem)
  expect(error).toMatchObject({ code: 'unreachable', status: 0 })
  expect((error as Error).message).toMatch(/cannot be reached at http:.*ECONNREFUSED/)
  expect([isRun, tidings.running]).toEqual([false, 0])
})

test('an app that says so runs untracked, and is tracked under one key as soon as the server is there', async () => {
  const fake = await new FakeServer().listen()
  const { clock, said, tidings } = begin(fake.url, { onUnreachable: 'run' })
  fake.answer = () => LATER
  let finish = (_: string) => {}
  const over = tidings.track('report', {}, async (job) => {
    expect(job.id).toBeUndefined()
    job.progress(10)
    const result = await new Promise<string>((resolve) => {
      finish = resolve
    })
    expect(job.id).toBe('job_1')
    return result
  })
  for (const wait of [200, 400, 800]) await clock.pass(wait)
  await clock.pass(1_600)
  await fake.seen(() => fake.calls.length === 5)
  fake.answer = () => undefined
  await clock.pass(3_200)
  await fake.seen(() => fake.calls.length === 6)
  await clock.pass(200)
  await fake.seen(isVerb('progress'))
  finish('done')
  expect(await over).toBe('done')
  expect(new Set(fake.of('submit').map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  expect(fake.calls.at(-1)).toMatchObject({ verb: 'complete', body: { result: 'done' } })
  expect(said).toEqual([
    'tidings: report: the store is away; the work runs untracked until it answers',
    'tidings: job_1: Tidings answers again',
  ])
})

test('what the server refuses is refused, whatever holds for outages', async () => {
  const fake = await new FakeServer().listen()
  const { tidings } = begin(fake.url, { onUnreachable: 'run' })
  fake.answer = () => [403, { code: 'forbidden', title: 'Not allowed', detail: 'the scope jobs:submit is missing' }]
  const over = tidings.track('report', {}, () => 1)
  await expect(over).rejects.toMatchObject({
    code: 'forbidden',
    status: 403,
    message: 'the scope jobs:submit is missing',
  })
  expect(fake.calls).toHaveLength(1)
})

test('an outage stops nothing: progress is kept, the end is told in the background, and said once', async () => {
  const fake = await new FakeServer().listen()
  const { clock, said, tidings } = begin(fake.url)
  const over = tidings.track('report', {}, (job) => {
    fake.answer = () => LATER
    job.log('a line')
    job.progress(90)
    return 7
  })
  await fake.seen(isVerb('output'))
  await clock.pass(2_000)
  expect(await over).toBe(7)
  expect(tidings.running).toBe(1)
  for (const wait of [200, 400, 800]) await clock.pass(wait)
  await fake.seen(() => fake.of('output').length === 4)
  fake.answer = () => undefined
  await clock.pass(1_600)
  await fake.seen(isVerb('complete'))
  expect(fake.of('complete').map(({ body }) => body)).toEqual([{ result: 7, progress: { percentage: 90 } }])
  await tidings.shutDown()
  expect(tidings.running).toBe(0)
  expect(said).toEqual(['tidings: job_1: the store is away; the work goes on', 'tidings: job_1: Tidings answers again'])
})

test('a token that ran out is asked for anew', async () => {
  const fake = await new FakeServer().listen()
  let token = 'old'
  const { clock, said, tidings } = begin(fake.url, { token: () => token })
  fake.answer = ({ verb, headers }) =>
    verb !== 'submit' && headers.authorization === 'Bearer old' ? [401, { code: 'token_expired' }] : undefined
  let finish = () => {}
  const over = tidings.track(
    'report',
    {},
    () =>
      new Promise<void>((resolve) => {
        finish = resolve
      }),
  )
  await clock.pass(3_000)
  await fake.seen(isVerb('heartbeat'))
  token = 'new'
  await clock.pass(200)
  await fake.seen(() => fake.of('heartbeat').length === 2)
  finish()
  await over
  expect(fake.calls.at(-1)).toMatchObject({ verb: 'complete', headers: { authorization: 'Bearer new' } })
  expect(said).toHaveLength(2)
})
