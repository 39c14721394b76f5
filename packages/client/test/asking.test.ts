/** Verbs show at once what is expected of them, and are taken back when the server refuses. */
import { expect, test } from 'vitest'
import type { JobSummary, Verb } from '../src/index.js'
import { job, update, World } from './world.js'

const tenant = { tenant: true } as const

/** A client whose next answer waits for the test. */
async function asking(
  held: JobSummary,
): Promise<{ world: World; shown(): string; answer(body: object, status?: number): Promise<void> }> {
  let answered: (response: Response) => void = () => {}
  const world: World = new World({
    fetch: (url) =>
      String(url).endsWith('/me')
        ? Promise.resolve(Response.json(world.me))
        : new Promise((then) => {
            answered = then
          }),
  })
  await world.follow([held])
  return {
    world,
    shown: () => {
      world.draw()
      const [shown] = world.client.jobs(tenant).getSnapshot().jobs
      if (!shown) return 'gone'
      const wish = shown.wish && shown.wish.kind !== 'none' ? ` wish=${shown.wish.kind}` : ''
      return `${shown.status}@${shown.rev}${wish}${shown.asking ? ` asking=${shown.asking}` : ''}`
    },
    answer: async (body, status = 200) => {
      await world.settle()
      answered(Response.json(body, { status }))
      for (let turns = 0; turns < 3; turns++) await new Promise((then) => setImmediate(then))
    },
  }
}

test.each<[Verb, Partial<JobSummary>, string]>([
  ['pause', { status: 'running' }, 'running@3 wish=pause asking=pause'],
  ['pause', { status: 'pending' }, 'paused@3 asking=pause'],
  ['resume', { status: 'paused' }, 'paused@3 wish=resume asking=resume'],
  ['abort', { status: 'running' }, 'running@3 wish=abort asking=abort'],
  ['abort', { status: 'retrying' }, 'aborted@3 asking=abort'],
  ['abort', { status: 'waiting' }, 'aborted@3 asking=abort'],
  ['kill', { status: 'paused', reason: 'before_start' }, 'aborted@3 asking=kill'],
  ['run-now', { status: 'scheduled' }, 'pending@3 asking=run-now'],
  ['retry', { status: 'failed' }, 'pending@3 asking=retry'],
  ['rerun', { status: 'failed' }, 'failed@3 asking=rerun'],
  ['delete', { status: 'failed' }, 'gone'],
])('%s of a job that is %j shows %s', async (verb, more, expected) => {
  const { world, shown } = await asking(job('a', 3, more))
  void world.client.ask('a', verb)
  expect(shown()).toBe(expected)
})

test('what the server answers takes its place', async () => {
  const { world, shown, answer } = await asking(job('a', 3))
  const asked = world.client.pause('a')
  await answer(job('a', 4, { wish: { kind: 'pause', number: 1 } }), 202)
  await asked
  expect(shown()).toBe('running@4 wish=pause')
})

test('an event that is quicker than the answer holds', async () => {
  const { world, shown, answer } = await asking(job('a', 3))
  const asked = world.client.pause('a')
  expect(shown()).toBe('running@3 wish=pause asking=pause')
  world.socket.say(update('p2', job('a', 5, { status: 'paused' })))
  expect(shown()).toBe('paused@5')
  await answer(job('a', 4))
  await asked
  expect(shown()).toBe('paused@5')
})

test('a refusal is taken back, with the reason of the server', async () => {
  const { world, shown, answer } = await asking(job('a', 3))
  const asked = world.client.pause('a').catch((error: unknown) => error)
  expect(shown()).toBe('running@3 wish=pause asking=pause')
  const problem = { code: 'not_allowed', title: 'The job cannot be paused.', detail: 'Its task has pause = none.' }
  await answer(problem, 409)
  expect(await asked).toMatchObject({ name: 'TidingsProblem', status: 409, ...problem })
  expect(shown()).toBe('running@3')
})

test('a job that was deleted does not come back before the log says so', async () => {
  const { world, shown, answer } = await asking(job('a', 3, { status: 'failed' }))
  const asked = world.client.delete('a')
  await answer({})
  await asked
  expect(shown()).toBe('gone')
})

test('views that look at other jobs are not given new objects', async () => {
  const { world } = await asking(job('a', 3))
  const [before] = world.client.jobs(tenant).getSnapshot().jobs
  void world.client.pause('b')
  world.draw()
  expect(world.client.jobs(tenant).getSnapshot().jobs[0]).toBe(before)
})
