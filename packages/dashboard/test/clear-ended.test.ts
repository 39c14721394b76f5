import type { ListQuery } from '@tidings/client'
import { expect, test } from 'vitest'
import { type Asker, type Cleared, clearEnded, countEnded, endedStatuses } from '../src/clear-ended.js'

const ENDED = 'completed,failed,aborted,timed_out,lost'
const NO_FILTER = { status: '', task: '', text: '' }

/** A server that holds jobs by id, and refuses to delete some of them with a code. */
class Server {
  readonly asked: string[] = []
  readonly ids: string[]
  /** A cursor names a place in time: what was deleted does not move it. */
  private readonly pages: string[]

  constructor(
    jobs: number,
    private readonly refusals: Record<string, string> = {},
  ) {
    this.ids = Array.from({ length: jobs }, (_, place) => `job_${place}`)
    this.pages = [...this.ids]
  }

  /** The newest of all has ended just now. */
  end(id: string): void {
    this.ids.unshift(id)
    this.pages.unshift(id)
  }

  readonly asker = {
    list: async ({ status, text, limit = 50, cursor = '0' }: ListQuery) => {
      this.asked.push(`list ${status} ${text}`.trim())
      const [from, end] = [Number(cursor), Number(cursor) + limit]
      const held = this.pages.slice(from, end).filter((id) => this.ids.includes(id))
      const jobs = held.map((id) => ({ id }))
      return { jobs, cursor: end < this.pages.length ? String(end) : undefined }
    },
    request: async (method: string, path: string, { body }: { body: string }) => {
      const { verb, filter, dryRun } = JSON.parse(body)
      this.asked.push(`${method} ${path} ${verb}${dryRun ? ' dry' : ''} ${filter.ids?.length ?? 'by filter'}`)
      const found: string[] = filter.ids ? this.ids.filter((id) => filter.ids.includes(id)) : this.ids
      const matched = found.slice(0, 1_000)
      const items = dryRun ? [] : matched.map((id) => ({ id, outcome: this.refusals[id] ?? 'changed' }))
      for (const { id, outcome } of items) if (outcome === 'changed') this.ids.splice(this.ids.indexOf(id), 1)
      return JSON.stringify({ matched: matched.length, more: found.length > 1_000, items })
    },
  } as unknown as Asker
}

const filters: [string, string][] = [
  ['', ENDED],
  ['failed', 'failed'],
  ['active', ''],
  ['running', ''],
  ['of_tomorrow', ''],
]

test.each(filters)('of the filter "%s" these are cleared: %s', (status, cleared) => {
  expect(endedStatuses({ status }).join()).toBe(cleared)
})

const counts: [number, number, boolean, number][] = [
  [0, 0, false, 1],
  [142, 142, false, 2],
  [1_000, 1_000, false, 6],
  [2_500, 1_000, true, 6],
]

test.each(counts)('%i jobs are counted as %i, and none is touched', async (held, jobs, more, asked) => {
  const server = new Server(held)
  expect(await countEnded(server.asker, { ...NO_FILTER, text: ' shop ' })).toMatchObject({ jobs, more })
  expect([server.ids.length, server.asked.length]).toEqual([held, asked])
  expect(server.asked[0]).toBe(`list ${ENDED} shop`)
})

/** Counts what there is, then clears it. */
async function clear(server: Server, told: (cleared: Cleared) => void = () => {}, stopping = new AbortController()) {
  const count = await countEnded(server.asker, NO_FILTER)
  server.asked.length = 0
  server.end('job_late')
  await clearEnded(server.asker, NO_FILTER, count, told, stopping.signal)
}

test('what was counted is deleted in rounds, and nothing that ended since', async () => {
  const server = new Server(250, { job_0: 'wrong_status', job_7: 'wrong_status', job_201: 'not_here' })
  const told: Cleared[] = []
  await clear(server, (cleared) => told.push(cleared))
  expect(told).toEqual([
    { deleted: 98, refused: { wrong_status: 2 } },
    { deleted: 198, refused: { wrong_status: 2 } },
    { deleted: 247, refused: { wrong_status: 2, not_here: 1 } },
  ])
  expect(server.ids).toEqual(['job_late', 'job_0', 'job_7', 'job_201'])
  expect(server.asked).toEqual([100, 100, 50].map((jobs) => `POST /jobs/actions delete ${jobs}`))
})

test('of too many to be counted all are deleted, past those that are refused', async () => {
  const refusals = Object.fromEntries(Array.from({ length: 150 }, (_, place) => [`job_${place}`, 'not_here']))
  const server = new Server(2_500, refusals)
  await clear(server)
  expect(server.ids).toEqual(Object.keys(refusals))
})

test('it ends after the round in which it was stopped', async () => {
  const server = new Server(250)
  const stopping = new AbortController()
  await clear(server, () => stopping.abort(), stopping)
  expect(server.ids.length).toBe(151)
})
