// @vitest-environment happy-dom
import { type Client, type Job, type JobSummary, TidingsProblem } from '@tidings/client'
import { act } from 'react'
import { afterEach, expect, test } from 'vitest'
import { job } from '../../../client/test/world.js'
import { READS_AT_ONCE, REST_MS } from '../src/output-reader.js'
import { ended, fed, leaveAll } from './page.js'

afterEach(leaveAll)

const mirrored = (id: string, rev: number, more: Partial<JobSummary> = {}) =>
  job(id, rev, { mode: 'mirrored', ...more })
const refusal = (status: number) => new TidingsProblem({ code: 'x', status, title: 'No.' })

/** Reads of records, each of which waits until the test answers it. */
class Reads {
  /** Ids in the order in which they were asked. */
  readonly asked: string[] = []
  private readonly waiting: { id: string; answer(with_: Job): void; refuse(why: Error): void }[] = []

  constructor(client: Client) {
    client.get = (id) => {
      this.asked.push(id)
      return new Promise((answer, refuse) => this.waiting.push({ id, answer, refuse }))
    }
  }

  /** Answers the oldest read of this job. */
  answer(of: JobSummary, result?: unknown): Promise<void> {
    return act(async () => this.take(of.id).answer({ ...of, result } as Job))
  }

  refuse(id: string, why: Error): Promise<void> {
    return act(async () => this.take(id).refuse(why))
  }

  private take(id: string) {
    const at = this.waiting.findIndex((read) => read.id === id)
    if (at < 0) throw new Error(`${id} is not being read`)
    return this.waiting.splice(at, 1)[0]
  }
}

async function reading(...jobs: JobSummary[]) {
  const shown = await fed()
  const reads = new Reads(shown.play.world.client)
  await shown.play.open()
  await shown.play.snapshot(jobs)
  return { ...shown, reads, output: (id = 'a') => shown.task(id)?.output }
}

test('what a mirrored task says while it runs is read at first sight and after each revision', async () => {
  const { play, reads, output, task } = await reading(mirrored('a', 2))
  await reads.answer(mirrored('a', 2), 'one file')
  expect(output()).toBe('one file')
  await play.progress('a', 2, 1, 40)
  expect(reads.asked).toEqual(['a'])
  await play.update('p2', mirrored('a', 3))
  expect(output()).toBe('one file')
  await reads.answer(mirrored('a', 3), { files: 2 })
  expect([output(), task('a')?.rev, reads.asked.length]).toEqual(['{"files":2}', 3, 2])
})

test('one read is under way for a job; what changed meanwhile is read after it, once', async () => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  await play.update('p2', mirrored('a', 3))
  await play.update('p3', mirrored('a', 4))
  expect(reads.asked).toEqual(['a'])
  await reads.answer(mirrored('a', 2), 'old')
  expect([output(), reads.asked.length]).toEqual(['old', 2])
  await reads.answer(mirrored('a', 4), 'new')
  expect([output(), reads.asked.length]).toEqual(['new', 2])
})

test('a record that is ahead of what was told is not read again when that is told', async () => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  await play.update('p2', mirrored('a', 3))
  await reads.answer(mirrored('a', 4), 'newest')
  await play.update('p3', mirrored('a', 4))
  expect([output(), reads.asked.length]).toEqual(['newest', 1])
})

test('an older text is not put over a newer one', async () => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  await reads.answer(mirrored('a', 5), 'newest')
  await play.update('p2', mirrored('a', 6))
  await reads.answer(mirrored('a', 4), 'from a cache')
  expect([output(), reads.asked.length]).toEqual(['newest', 2])
})

test.each([
  ['an empty text', ''],
  ['null', null],
  ['nothing', undefined],
])('%s clears, also after the end', async (_, said) => {
  const { play, reads, task } = await reading(mirrored('a', 2, { settlement: 1 }))
  await play.update('p2', mirrored('a', 3, ended))
  await reads.answer(mirrored('a', 3, ended), 'done')
  expect(task('a')?.output).toBe('done')
  await play.update('p3', mirrored('a', 4, ended))
  await reads.answer(mirrored('a', 4, ended), said)
  expect('output' in (task('a') ?? { output: 1 })).toBe(false)
})

test('what had ended before anybody looked is read when it changes, and what comes with its end at once', async () => {
  const { play, reads, output } = await reading(mirrored('old', 2, ended))
  expect(reads.asked).toEqual([])
  await play.update('p2', mirrored('old', 3, ended))
  await play.update('p3', mirrored('short', 3, ended))
  expect(reads.asked).toEqual(['old', 'short'])
  await reads.answer(mirrored('short', 3, ended), 'at once')
  expect(output('short')).toBe('at once')
})

test('what runs here is read when it completes, and at no other end', async () => {
  const { play, reads } = await reading(job('a', 2), job('b', 2))
  await play.update('p2', job('a', 3))
  await play.update('p3', job('a', 4, { ...ended, status: 'failed' }))
  expect(reads.asked).toEqual([])
  await play.update('p4', job('b', 3, ended))
  expect(reads.asked).toEqual(['b'])
})

test('a task that begins again keeps what was said last until something else is', async () => {
  const { play, reads, output } = await reading(mirrored('a', 2, { settlement: 1 }))
  await play.update('p2', mirrored('a', 3, ended))
  await play.update('p3', mirrored('a', 4, { settlement: 2 }))
  await reads.answer(mirrored('a', 3, ended), 'of the first end')
  expect(output()).toBeUndefined()
  await reads.answer(mirrored('a', 4, { settlement: 2 }), 'of the first end')
  await play.update('p4', mirrored('a', 5, { ...ended, settlement: 2 }))
  await play.update('p5', mirrored('a', 6, { settlement: 3 }))
  expect(output()).toBe('of the first end')
})

test('few are read at the same time: what is under way first, then what ended, then what has not begun', async () => {
  const busy = Array.from({ length: READS_AT_ONCE }, (_, number) => mirrored(`busy${number}`, 2))
  const { play, reads } = await reading(...busy)
  expect(reads.asked.length).toBe(READS_AT_ONCE)
  await play.update('p2', mirrored('new', 1, { status: 'pending', attempt: 0 }))
  await play.update('p3', mirrored('over', 3, ended))
  await play.update('p4', mirrored('runs', 2))
  expect(reads.asked.length).toBe(READS_AT_ONCE)
  for (const [index, next] of ['runs', 'over', 'new'].entries()) {
    await reads.answer(busy[index])
    expect([reads.asked.at(-1), reads.asked.length]).toEqual([next, READS_AT_ONCE + index + 1])
  }
})

test('a task that changes all the time keeps no other waiting', async () => {
  const busy = Array.from({ length: READS_AT_ONCE }, (_, number) => mirrored(`busy${number}`, 2))
  const { play, reads } = await reading(...busy)
  await play.update('p2', mirrored('other', 2))
  await play.update('p3', mirrored('busy0', 3))
  await reads.answer(busy[0])
  expect(reads.asked.at(-1)).toBe('other')
  await reads.answer(busy[1])
  expect(reads.asked.at(-1)).toBe('busy0')
})

test('it is read only while somebody looks; what was missed is read when somebody does again', async () => {
  const { play, reads, output, controls } = await reading(mirrored('a', 2))
  await act(async () => controls().disconnect())
  await reads.answer(mirrored('a', 2), 'nobody looks')
  expect([output(), reads.asked.length]).toEqual([undefined, 1])
  await act(async () => controls().reconnect())
  expect(reads.asked.length).toBe(2)
  await reads.answer(mirrored('a', 2), 'somebody looks')
  expect(output()).toBe('somebody looks')
  await act(async () => controls().disconnect())
  await play.pass(5_000)
  await act(async () => controls().reconnect())
  await play.open()
  await play.snapshot([mirrored('a', 3)])
  expect(reads.asked.length).toBe(3)
})

test.each([0, 429, 503])('after %i it rests, and asks again', async (status) => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  await reads.refuse('a', refusal(status))
  await play.update('p2', mirrored('b', 2))
  await play.pass(REST_MS - 1)
  expect(reads.asked).toEqual(['a'])
  await play.pass(1)
  expect(reads.asked).toEqual(['a', 'a', 'b'])
  await reads.answer(mirrored('a', 2), 'there')
  expect(output()).toBe('there')
})

test.each([404, 500])('after %i it goes on with others, and asks again when the task changes', async (status) => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  await reads.refuse('a', refusal(status))
  await play.pass(REST_MS)
  await play.progress('a', 2, 1, 40)
  await play.update('p2', mirrored('b', 2))
  expect(reads.asked).toEqual(['a', 'b'])
  await play.update('p3', mirrored('a', 3))
  await reads.answer(mirrored('a', 3), 'there')
  expect(output()).toBe('there')
})

test('nothing is left behind while it rests', async () => {
  const { play, reads, render } = await reading(mirrored('a', 2))
  await reads.refuse('a', refusal(503))
  await render(() => null)
  await play.pass(1_000)
  expect(play.leftBehind()).toMatchObject({ sockets: 0, timers: 0 })
  await play.pass(REST_MS)
  expect(reads.asked).toEqual(['a'])
})

test('what is gone, or somebody else’s, is read no more', async () => {
  const busy = Array.from({ length: READS_AT_ONCE }, (_, number) => mirrored(`busy${number}`, 2))
  const { play, reads, store } = await reading(...busy, mirrored('gone', 2, { createdAt: '2026-11-22T09:00:00Z' }))
  await play.say({ type: 'left', position: 'p2', subs: play.subscriptions(), id: 'gone', rev: 3 })
  await reads.answer(busy[0])
  expect(reads.asked).not.toContain('gone')
  await play.update('p3', mirrored('late', 2))
  await play.update('p4', mirrored('waits', 2))
  await act(async () => play.world.client.identityChanged())
  await reads.answer(busy[1], 'secret')
  expect([reads.asked.at(-1), store.getState().tasks]).toEqual(['late', {}])
})

test('what was asked for a former user is not for the next, whose own ended tasks are no news', async () => {
  const { play, reads, output } = await reading(mirrored('a', 2))
  play.world.me = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }
  await act(async () => play.world.client.identityChanged())
  await play.draw()
  await play.open()
  await play.snapshot([mirrored('a', 2), mirrored('old', 2, ended)])
  expect(reads.asked).toEqual(['a', 'a'])
  await reads.answer(mirrored('a', 2), 'for the former')
  expect(output()).toBeUndefined()
  await reads.answer(mirrored('a', 2), 'for the next')
  expect(output()).toBe('for the next')
})
