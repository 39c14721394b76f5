import { expect, test } from 'vitest'
import { Interrupted, type Job, tracker } from '../src/index.js'
import { Clock } from './clock.js'
import { FakeServer } from './fake-server.js'

const INTERRUPTED = { error: { kind: 'interrupted', message: 'a deploy' } }

async function begin() {
  const fake = await new FakeServer().listen()
  const clock = new Clock()
  const tidings = tracker({ url: fake.url }, { ...clock, random: () => 0.5 })
  /** A job whose work is `work`, once it runs. */
  const start = async <Result>(work: (job: Job) => Promise<Result>) => {
    let begun = () => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    const over = tidings.track('report', {}, (job) => {
      begun()
      return work(job)
    })
    const settled = over.catch((error: unknown) => error)
    await running
    return { settled }
  }
  return { fake, clock, tidings, start }
}

const untilStopped = (job: Job) =>
  new Promise<void>((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)))

test('what runs is stopped, its record says why, and nothing new begins', async () => {
  const { fake, tidings, start } = await begin()
  const one = await start(untilStopped)
  const other = await start(untilStopped)
  const shut = tidings.shutDown({ reason: 'a deploy' })
  for (const { settled } of [one, other]) {
    const error = await settled
    expect(error).toBeInstanceOf(Interrupted)
    expect((error as Error).message).toBe('a deploy')
  }
  await shut
  expect(fake.of('fail').map(({ body }) => body)).toEqual([INTERRUPTED, INTERRUPTED])
  await expect(tidings.track('report', {}, () => 1)).rejects.toBeInstanceOf(Interrupted)
  expect([fake.of('submit').length, tidings.running]).toEqual([2, 0])
})

test('work may finish first, when it is given time', async () => {
  const { fake, tidings, start } = await begin()
  let finish = (_: string) => {}
  const { settled } = await start(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve
      }),
  )
  const shut = tidings.shutDown({ finishMs: 5_000 })
  finish('done')
  expect(await settled).toBe('done')
  await shut
  expect(fake.calls.map(({ verb }) => verb)).toEqual(['submit', 'complete'])
})

test('work that does not stop is told as failed all the same', async () => {
  const { fake, clock, tidings, start } = await begin()
  let finish = () => {}
  const { settled } = await start(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve
      }),
  )
  const shut = tidings.shutDown({ reason: 'a deploy', finishMs: 500, stopMs: 700 })
  await clock.pass(500)
  await clock.pass(700)
  await shut
  finish()
  await settled
  expect(fake.calls.map(({ verb }) => verb)).toEqual(['submit', 'fail'])
  expect(fake.of('fail')[0].body).toEqual(INTERRUPTED)
})

test('without work there is nothing to wait for', async () => {
  const { fake, tidings } = await begin()
  await tidings.shutDown({ finishMs: 60_000, stopMs: 60_000 })
  expect(fake.calls).toEqual([])
})
