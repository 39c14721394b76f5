// @vitest-environment happy-dom
import { afterEach, expect, test } from 'vitest'
import { effectScope } from 'vue'
import type { Play } from '../../../client/test/play.js'
import { type HookOptions, type TriggerRun, useUserRunsState } from '../src/index.js'
import { active, answer, ended, leaveAll, newPlay, page } from './page.js'

afterEach(leaveAll)

/** A page that listens for a task, and what it was told. */
async function listening({
  play = newPlay(),
  task = 'generate-report',
  ...options
}: { play?: Play; task?: string } & HookOptions = {}) {
  const told: string[] = []
  const say = (kind: string) => (run: TriggerRun) =>
    void told.push([kind, run.id, run.status, run.error?.message ?? run.output].filter(Boolean).join(' '))
  const shown = await page(() => {
    const { onTaskCompleted, onTaskFailed } = useUserRunsState()
    onTaskCompleted(task, say('done'), options)
    onTaskFailed(task, say('not'), options)
    return () => ''
  }, play)
  return { ...shown, told }
}

async function begin(play: Play, ...jobs: ReturnType<typeof active>[]): Promise<void> {
  await play.open()
  await play.snapshot(jobs)
}

test('a completion is told once, with what the task answered', async () => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  answer(play, 200, { ...ended('a', 'completed'), result: 'A fine report' })
  await play.settle('p2', ended('a', 'completed'))
  await play.settle('p2', ended('a', 'completed'))
  await play.draw()
  expect(told).toEqual(['done a COMPLETED A fine report'])
  expect(play.world.requests.map(({ url }) => url)).toEqual(['http://tidings.test/api/v1/jobs/a'])
})

test('a completion of a run that was never in the list is told', async () => {
  const { play, told } = await listening()
  await begin(play)
  await play.settle('p2', ended('quick', 'completed'))
  await play.draw()
  expect(told).toEqual(['done quick COMPLETED'])
})

test.each([
  ['failed', 'FAILED'],
  ['aborted', 'CANCELED'],
  ['timed_out', 'TIMED_OUT'],
  ['lost', 'CRASHED'],
])('every end without success reaches onTaskFailed: %s as %s', async (status, word) => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  await play.settle('p2', ended('a', status))
  await play.draw()
  expect([told, play.world.requests.length]).toEqual([[`not a ${word}`], 0])
})

test('a run that is retried and ends again is told again', async () => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  await play.settle('p2', ended('a', 'failed', { error: { kind: 'exit', message: 'Code 1' } }))
  answer(play, 200, { ...ended('a', 'completed'), settlement: 2, result: 'At last' })
  await play.settle('p3', { ...ended('a', 'completed'), rev: 9, settlement: 2 })
  await play.draw()
  expect(told).toEqual(['not a FAILED Code 1', 'done a COMPLETED At last'])
})

test('an output is read once, however many components listen', async () => {
  const one = await listening()
  const { play } = one
  const other = await listening({ play })
  await begin(play, active('a'))
  answer(play, 200, { ...ended('a', 'completed'), result: 'Read once' })
  await play.settle('p2', ended('a', 'completed'))
  await play.draw()
  expect([one.told, other.told, play.world.requests.length]).toEqual([
    ['done a COMPLETED Read once'],
    ['done a COMPLETED Read once'],
    1,
  ])
})

test('another task is not told', async () => {
  const { play, told } = await listening()
  await begin(play)
  await play.settle('p2', ended('a', 'completed', { task: 'other' }))
  await play.draw()
  expect(told).toEqual([])
})

test('with a tag only the runs of that entity are told', async () => {
  const { play, told } = await listening({ tag: 'planned-workout:1' })
  await begin(play)
  expect(play.socket.subscribes().map(({ topic }) => topic)).toContainEqual({ tag: 'planned-workout:1' })
  await play.settle('p2', ended('mine', 'completed', { tags: ['planned-workout:1'] }))
  await play.settle('p3', ended('else', 'completed', { tags: ['planned-workout:1'], task: 'other' }))
  await play.draw()
  expect(told).toEqual(['done mine COMPLETED'])
})

test('whoever sees a whole tenant is told of his own runs', async () => {
  const play = newPlay()
  play.world.me = { subject: 'ann', tenant: 'default', scopes: [], tenantWide: true }
  const { told } = await listening({ play })
  await begin(play)
  await play.settle('p2', ended('of-bob', 'completed', { owner: 'bob' }))
  await play.settle('p3', ended('of-ann', 'completed'))
  await play.draw()
  expect(told).toEqual(['done of-ann COMPLETED'])
})

test('what ended while the connection was away is told', async () => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  await play.again()
  for (const id of play.subscriptions()) {
    const missed = { type: 'update', position: 'p5', subs: [id], kind: 'settled', job: ended('a', 'aborted') }
    await play.say(missed, { type: 'live', id, position: 'p5', resumed: true })
  }
  await play.draw()
  expect(told).toEqual(['not a CANCELED'])
})

test('what ended while another page of the app was shown is told when this one is back', async () => {
  const first = await listening()
  const { play } = first
  await begin(play, active('a'))
  first.leave()
  await play.pass(5_000)
  const again = await listening({ play })
  await play.open()
  await play.snapshot([ended('a', 'completed')])
  await play.draw()
  expect([first.told, again.told]).toEqual([[], ['done a COMPLETED']])
})

test('what was not told because the page was left while the output was read is told to the next', async () => {
  const first = await listening()
  const { play } = first
  await begin(play, active('a'))
  answer(play, 200, { ...ended('a', 'completed'), result: 'Late' })
  const { socket } = play
  const frame = {
    type: 'update',
    position: 'p2',
    subs: play.subscriptions(),
    kind: 'settled',
    job: ended('a', 'completed'),
  }
  socket.say(frame)
  first.leave()
  await play.draw()
  const again = await listening({ play })
  await play.draw()
  expect([first.told, again.told]).toEqual([[], ['done a COMPLETED Late']])
})

test('an output that cannot be read does not hold the news back', async () => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  let asked = 0
  play.world.client.get = () => {
    asked++
    return new Promise(() => {})
  }
  await play.settle('p2', ended('a', 'completed'))
  await play.pass(4_999)
  expect([asked, told]).toEqual([1, []])
  await play.pass(1)
  expect(told).toEqual(['done a COMPLETED'])
})

test('nobody is told of the run of a former user', async () => {
  const { play, told } = await listening()
  await begin(play, active('a'))
  let release = (_: unknown) => {}
  play.world.client.get = () =>
    new Promise((resolve) => {
      release = resolve as typeof release
    })
  await play.settle('p2', ended('a', 'completed'))
  play.world.client.identityChanged()
  release(ended('a', 'completed'))
  await play.draw()
  expect(told).toEqual([])
})

test('a hook ends with what it answers, and with its scope in a store', async () => {
  const play = newPlay()
  const told: string[] = []
  const scope = effectScope(true)
  const ends: (() => void)[] = []
  const { at } = await page(() => {
    scope.run(() => {
      const { onTaskFailed } = useUserRunsState()
      ends.push(onTaskFailed('generate-report', ({ id }) => told.push(`one ${id}`)))
      onTaskFailed('generate-report', ({ id }) => told.push(`other ${id}`))
    })
    return () => ''
  }, play)
  await begin(play)
  await play.settle('p2', ended('a', 'failed'))
  ends[0]()
  await play.settle('p3', ended('b', 'failed'))
  scope.stop()
  await play.pass(5_000)
  expect([told, play.leftBehind(), at.textContent]).toEqual([
    ['one a', 'other a', 'other b'],
    { sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 },
    '',
  ])
})
