/**
 * The names over the generated types: nothing that the server lists may be missing, and unions tell their members apart. Most of it is held when
 * this file is compiled.
 */
import { expect, test } from 'vitest'
import type { ClientFrame, FollowerFrame, ServerFrame } from '../src/frames.js'
import {
  hasEnded,
  type JobSummary,
  type JobsTopic,
  type KnownStatus,
  STATUSES,
  type Status,
  type SubmitRequest,
  type Topic,
} from '../src/records.js'

/** A status that the server lists and `STATUSES` does not makes this line fail to compile. */
const ended: Record<KnownStatus, boolean> & Record<(typeof STATUSES)[number], boolean> = {
  scheduled: false,
  pending: false,
  running: false,
  paused: false,
  waiting: false,
  retrying: false,
  completed: true,
  failed: true,
  aborted: true,
  timed_out: true,
  lost: true,
}
const listed: Record<Exclude<KnownStatus, (typeof STATUSES)[number]>, never> = {}

test('every status of the server is listed, and those that are ends', () => {
  expect(Object.keys(ended)).toEqual(STATUSES)
  expect(Object.keys(listed)).toEqual([])
  expect(STATUSES.filter(hasEnded)).toEqual(STATUSES.filter((status) => ended[status]))
  expect(hasEnded('a-status-of-tomorrow')).toBe(false)
})

/** What each frame says of itself, by its type: compiles only while the union tells its members apart. */
function told(frame: ServerFrame): unknown {
  switch (frame.type) {
    case 'hello':
      return frame.heartbeatMs
    case 'authenticated':
      return frame.principal.subject
    case 'snapshot':
      return frame.jobs.map((job) => job.rev)
    case 'update':
      return frame.job.verbs
    case 'live':
      return frame.truncated
    case 'left':
      return frame.rev
    case 'progress':
      return frame.progress.percentage
    case 'output':
      return frame.chunks.map((chunk) => chunk.text)
    case 'stats':
      return frame.stats.byStatus
    case 'tasks':
      return frame.tasks.map((task) => task.name)
    case 'heartbeat':
      return frame.position
    case 'goingAway':
      return frame.retryInMs
    case 'error':
      return frame.code
    case 'unsubscribed':
      return frame.id
    case 'pong':
      return undefined
    default:
      return frame satisfies never
  }
}

test('frames are told apart by their type', () => {
  const frames: [ServerFrame, unknown][] = [
    [{ type: 'hello', protocol: 1, epoch: 'e1', heartbeatMs: 15_000 }, 15_000],
    [{ type: 'authenticated', principal: { subject: 'ann', tenant: 'default', scopes: [] } }, 'ann'],
    [{ type: 'live', id: 1, resumed: false, reason: 'a-reason-of-tomorrow', truncated: true }, true],
    [{ type: 'error', code: 'forbidden', message: 'no' }, 'forbidden'],
  ]
  for (const [frame, what] of frames) expect(told(frame)).toBe(what)
})

/** Must compile, or must not; the values are not looked at. */
export const typed = {
  open: 'a-status-of-tomorrow' satisfies Status,
  // @ts-expect-error the modes are a closed list
  mode: 'planned' satisfies JobSummary['mode'],
  // @ts-expect-error a verb that nobody can ask
  verbs: ['explode'] satisfies JobSummary['verbs'],
  // @ts-expect-error what is absent is left out
  reason: null satisfies JobSummary['reason'],
  topics: [{ owner: 'me' }, { subject: { type: 'document', id: '7' } }, { tenant: true }] satisfies JobsTopic[],
  // @ts-expect-error output holds no jobs
  output: { output: 'job_1' } satisfies JobsTopic,
  // @ts-expect-error there is no such topic
  planet: { planet: 'mars' } satisfies Topic,
  // @ts-expect-error only `true` names the tenant
  tenant: { tenant: false } satisfies Topic,
  submit: { task: 'report', input: 1, mode: 'tracked' } satisfies SubmitRequest,
  subscribe: { type: 'subscribe', id: 1, topic: { stats: true }, after: 'p1' } satisfies ClientFrame,
  // @ts-expect-error a follower is handed what names its subscription
  heartbeat: { type: 'heartbeat', position: 'p1' } satisfies FollowerFrame,
}
