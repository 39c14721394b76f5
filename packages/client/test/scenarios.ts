/**
 * What every binding must show: one list of scenarios, run against the core and against each binding, with a server that is played by hand.
 * Whoever makes a binding writes a `Driver` for it and runs the list:
 *
 *     test.each(scenarios)('%s', (_, run) => run(new Play((world) => myDriver(world.client))))
 */
import { expect } from 'vitest'
import type { JobSummary } from '../src/index.js'
import type { Play } from './play.js'
import { job } from './world.js'

export { type Driver, Play, topic } from './play.js'

const NOTHING = { sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 }

const END_STATUSES = ['completed', 'failed', 'aborted', 'timed_out', 'lost'] as const

/** A job that has ended. */
function ended(id: string, rev: number, status: string, settlement = 1): JobSummary {
  return job(id, rev, { status, settlement, endedAt: '2026-11-22T11:00:00Z' })
}

type Scenario = [name: string, run: (play: Play) => Promise<void>]

export const scenarios: Scenario[] = [
  [
    'the first snapshot shows, newest first',
    async (play) => {
      await play.mount()
      expect(play.driver.jobs()).toEqual([])
      await play.open()
      expect(play.driver.jobs()).toEqual([])
      await play.snapshot([job('old', 3), job('new', 1, { createdAt: '2026-11-22T11:00:00Z' })])
      expect(play.driver.jobs()).toEqual(['new@1', 'old@3'])
      expect(play.driver.statusOf('new')).toBe('running')
    },
  ],
  [
    'a higher rev replaces, another is dropped',
    async (play) => {
      await play.follow(job('a', 3))
      await play.update('p2', job('a', 5, { status: 'paused' }))
      expect([play.driver.jobs(), play.driver.statusOf('a')]).toEqual([['a@5'], 'paused'])
      await play.update('p3', job('a', 4, { status: 'running' }))
      await play.update('p4', job('a', 5, { status: 'running' }))
      expect([play.driver.jobs(), play.driver.statusOf('a')]).toEqual([['a@5'], 'paused'])
      await play.update('p5', job('b', 1, { createdAt: '2026-11-22T11:00:00Z' }))
      expect(play.driver.jobs()).toEqual(['b@1', 'a@5'])
    },
  ],
  [
    'progress counts only on its rev, with a higher tick',
    async (play) => {
      await play.follow(job('a', 3, { progress: { percentage: 50, tick: 5 } }))
      for (const [rev, tick] of [
        [3, 5],
        [3, 4],
        [2, 9],
        [4, 9],
      ])
        await play.progress('a', rev, tick, 99)
      expect(play.driver.percentOf('a')).toBe(50)
      await play.progress('a', 3, 6, 60)
      expect([play.driver.percentOf('a'), play.driver.jobs()]).toEqual([60, ['a@3']])
    },
  ],
  [
    'after a cut it goes on from its position and keeps what it held',
    async (play) => {
      await play.follow(job('a', 3))
      await play.update('p2', job('a', 4))
      await play.close(1006)
      expect(play.driver.jobs()).toEqual(['a@4'])
      await play.pass(20_000)
      await play.open()
      expect(play.socket.subscribes().map(({ after }) => after)).toContain('p2')
      expect(play.driver.jobs()).toEqual(['a@4'])
      await play.resumed('p3', job('a', 5), job('b', 1, { createdAt: '2026-11-22T09:00:00Z' }))
      expect(play.driver.jobs()).toEqual(['a@5', 'b@1'])
    },
  ],
  [
    'an expired position replaces everything',
    async (play) => {
      await play.follow(job('a', 3), job('gone', 2))
      await play.again({ code: 4003 })
      expect(play.driver.jobs()).toHaveLength(2)
      await play.snapshot([job('a', 9)], { position: 'p9', reason: 'expired' })
      expect(play.driver.jobs()).toEqual(['a@9'])
    },
  ],
  [
    'another epoch: no position is given, and old revisions do not count',
    async (play) => {
      await play.follow(job('a', 30))
      await play.again({ epoch: 'e2' })
      // The hook says how far it told; the list has nothing to go on from.
      expect(play.socket.subscribes().filter((frame) => !frame.after)).toHaveLength(1)
      await play.snapshot([job('a', 2)], { position: 'q1', reason: 'epoch' })
      expect(play.driver.jobs()).toEqual(['a@2'])
    },
  ],
  [
    'a job that leaves is gone, but not by an older word',
    async (play) => {
      await play.follow(job('a', 3), job('b', 3))
      const left = { type: 'left', subs: play.subscriptions() }
      await play.say({ ...left, position: 'p2', id: 'a', rev: 4 })
      await play.say({ ...left, position: 'p3', id: 'b', rev: 2, kind: 'deleted' })
      expect(play.driver.jobs()).toEqual(['b@3'])
    },
  ],
  [
    'a topic that is refused shows why, and the connection goes on',
    async (play) => {
      await play.mount()
      await play.open()
      for (const id of play.subscriptions()) await play.say({ type: 'error', id, code: 'not_found', message: 'None.' })
      expect([play.driver.error(), play.driver.jobs(), play.driver.connectionState()]).toEqual([
        'not_found',
        [],
        'live',
      ])
    },
  ],
  [
    'another topic takes the place of the former',
    async (play) => {
      await play.follow(job('a', 3))
      await play.mount({ session: 's2' })
      expect(play.driver.jobs()).toEqual([])
      await play.snapshot([job('b', 1)])
      expect(play.driver.jobs()).toEqual(['b@1'])
      const followed = play.subscriptions().length
      await play.pass(2_000)
      expect(play.subscriptions()).toHaveLength(followed / 2)
    },
  ],
  [
    'after the last screen the topics are dropped and the connection closes, soon',
    async (play) => {
      await play.follow(job('a', 3))
      await play.unmount()
      expect(play.driver.jobs()).toEqual([])
      await play.pass(5_000)
      expect(play.leftBehind()).toEqual(NOTHING)
    },
  ],
  [
    'a screen that comes back soon joins nothing anew; later it joins fresh',
    async (play) => {
      await play.follow(job('a', 3))
      const joins = play.socket.subscribes().length
      await play.unmount()
      await play.pass(500)
      await play.mount()
      expect([play.driver.jobs(), play.socket.subscribes().length]).toEqual([['a@3'], joins])
      await play.unmount()
      await play.pass(5_000)
      await play.mount()
      expect(play.driver.jobs()).toEqual([])
      await play.open()
      expect(play.socket.subscribes()).not.toHaveLength(0)
      await play.snapshot([job('a', 4)], { position: 'p8' })
      expect(play.driver.jobs()).toEqual(['a@4'])
    },
  ],
  [
    '1,000 screens leave nothing behind',
    async (play) => {
      await play.follow(job('a', 3))
      await play.unmount()
      for (let n = 0; n < 1_000; n++) {
        await play.driver.mount({ session: `s${n % 50}` })
        await play.driver.unmount()
        if (n % 100 === 0) await play.pass(300)
      }
      await play.draw()
      await play.pass(5_000)
      expect(play.leftBehind()).toEqual(NOTHING)
    },
  ],
  [
    'another user sees nothing of the former one, at no time',
    async (play) => {
      await play.follow(job('anns', 1))
      play.world.me = { subject: 'bob', tenant: 'default', scopes: ['jobs:read'] }
      await play.driver.draw(() => play.socket.end(4101))
      expect(play.driver.jobs()).toEqual([])
      await play.pass(0)
      expect(play.driver.jobs()).toEqual([])
      await play.open()
      expect(play.driver.jobs()).toEqual([])
      const positions = play.socket.subscribes().filter((frame) => frame.after)
      expect(positions).toEqual([])
      await play.snapshot([job('bobs', 1)])
      expect(play.driver.jobs()).toEqual(['bobs@1'])
    },
  ],
  [
    'nothing shows when nobody is signed in',
    async (play) => {
      await play.follow(job('a', 1))
      await play.driver.draw(() => play.socket.end(4200))
      expect(play.driver.jobs()).toEqual([])
      await play.draw()
      expect([play.driver.jobs(), play.driver.connectionState()]).toEqual([[], 'stopped'])
    },
  ],
  [
    'the hook hears every kind of end once, and nothing else',
    async (play) => {
      await play.follow(ended('before', 5, 'failed'), ...END_STATUSES.map((status) => job(status, 1)))
      for (const status of END_STATUSES) {
        await play.progress(status, 1, 1, 50)
        await play.update(`p-${status}-2`, job(status, 2, { status: 'paused' }))
        await play.settle(`p-${status}-3`, ended(status, 3, status))
        await play.update(`p-${status}-4`, ended(status, 4, status))
      }
      await play.again()
      await play.resumed('p9', ended('lost', 3, 'lost'))
      expect(play.driver.settled()).toEqual(END_STATUSES.map((status) => `${status} ${status} 1`))
    },
  ],
  [
    'a retried job that ends again is told again',
    async (play) => {
      await play.follow(job('a', 1))
      await play.settle('p2', ended('a', 2, 'failed', 1))
      await play.update('p3', job('a', 3, { status: 'pending', settlement: 1 }), 'reopened')
      await play.settle('p4', ended('a', 4, 'completed', 2))
      expect(play.driver.settled()).toEqual(['a failed 1', 'a completed 2'])
    },
  ],
  [
    'a hook of a screen that is gone hears nothing',
    async (play) => {
      await play.follow(job('a', 1), job('b', 1))
      await play.unmount()
      await play.settle('p2', ended('a', 2, 'completed'))
      expect(play.driver.settled()).toEqual([])
    },
  ],
  [
    'a verb shows at once what is expected of it',
    async (play) => {
      await play.follow(job('a', 1, { status: 'pending' }))
      play.world.answer = { status: 200, body: JSON.stringify(job('a', 2, { status: 'paused' })) }
      const outcome = play.driver.pause('a')
      await play.driver.draw(() => play.world.draw())
      expect([play.driver.statusOf('a'), play.driver.askingOf('a')]).toEqual(['paused', 'pause'])
      expect(await outcome).toBe('')
      await play.draw()
      expect([play.driver.statusOf('a'), play.driver.askingOf('a')]).toEqual(['paused', undefined])
      expect(play.driver.jobs()).toEqual(['a@2'])
    },
  ],
  [
    "a verb that is refused is taken back, with the server's reason",
    async (play) => {
      await play.follow(job('a', 1, { status: 'pending' }))
      const detail = 'It cannot be paused any more.'
      play.world.answer = { status: 409, body: JSON.stringify({ code: 'not_allowed', title: 'Not now', detail }) }
      const outcome = play.driver.pause('a')
      await play.driver.draw(() => play.world.draw())
      expect(play.driver.statusOf('a')).toBe('paused')
      expect(await outcome).toBe(detail)
      await play.draw()
      expect([play.driver.statusOf('a'), play.driver.askingOf('a')]).toEqual(['pending', undefined])
      expect(play.driver.jobs()).toEqual(['a@1'])
    },
  ],
  [
    'the connection says how true the picture is',
    async (play) => {
      const seen: string[] = []
      const look = () => void seen.push(play.driver.connectionState())
      await play.mount()
      look()
      await play.open()
      await play.snapshot([])
      look()
      await play.close(1006)
      look()
      await play.pass(20_000)
      await play.open()
      look()
      await play.resumed('p2')
      look()
      await play.close(4201)
      look()
      expect(seen).toEqual(['connecting', 'live', 'offline', 'catchingUp', 'live', 'stopped'])
    },
  ],
]
