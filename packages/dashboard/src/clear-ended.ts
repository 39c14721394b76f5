/**
 * Deletes the ended jobs that a filter finds: counts them first, then goes through them in rounds.
 * Collaborators: the list route knows the filter of the page, the actions route deletes. What one job refuses harms no other. It refuses to
 * touch a job that runs, also one that runs again since it was counted.
 */
import { type Client, hasEnded, STATUSES } from '@tidings/client'
import type { Filter } from './choose-jobs.js'

export type Asker = Pick<Client, 'list' | 'request'>

/** Jobs of one round. */
const ROUND = 100
/** Beyond this many they are not counted: the count reads as so many and more. */
const MOST_COUNTED = 1_000
const PAGE = 200

export interface Count {
  jobs: number
  ids: readonly string[]
  /** There are more than these. */
  more: boolean
}

export interface Cleared {
  deleted: number
  /** How many were not, by the code of the refusal. */
  refused: Readonly<Record<string, number>>
}

interface Result {
  matched: number
  items: readonly { id: string; outcome: string }[]
}

/** The ended statuses that a filter lets through; none when it shows only what has not ended. */
export function endedStatuses({ status }: Pick<Filter, 'status'>): readonly string[] {
  return STATUSES.filter((each) => hasEnded(each) && (!status || each === status))
}

/** How many there are. Throws what the server refuses, also that the caller may not control jobs. */
export async function countEnded(client: Asker, filter: Filter): Promise<Count> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await client.list({ ...queryOf(filter), limit: PAGE, cursor })
    ids.push(...page.jobs.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor !== undefined && ids.length < MOST_COUNTED)
  const jobs = ids.length > 0 ? (await act(client, filter, ids, true)).matched : 0
  return { jobs, ids, more: cursor !== undefined }
}

/**
 * Deletes them, and tells after each round. What ended since the count stays, unless there were too many to be counted. Aborted, it ends after
 * the round that is under way.
 */
export async function clearEnded(
  client: Asker,
  filter: Filter,
  { ids, more }: Count,
  told: (cleared: Cleared) => void,
  signal: AbortSignal,
): Promise<void> {
  const refused: Record<string, number> = {}
  let deleted = 0
  for await (const round of more ? pages(client, filter) : chunks(ids)) {
    if (signal.aborted) return
    const { items } = await act(client, filter, round, false)
    for (const { outcome } of items) {
      if (outcome === 'changed') deleted++
      else refused[outcome] = (refused[outcome] ?? 0) + 1
    }
    told({ deleted, refused: { ...refused } })
  }
}

function* chunks(ids: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < ids.length; from += ROUND) yield ids.slice(from, from + ROUND)
}

/** What was refused is not found again: a cursor goes on behind it. */
async function* pages(client: Asker, filter: Filter): AsyncGenerator<readonly string[]> {
  let cursor: string | undefined
  do {
    const page = await client.list({ ...queryOf(filter), limit: ROUND, cursor })
    if (page.jobs.length > 0) yield page.jobs.map(({ id }) => id)
    cursor = page.cursor
  } while (cursor !== undefined)
}

function queryOf(filter: Filter) {
  return { status: endedStatuses(filter).join(','), task: filter.task, text: filter.text.trim() }
}

async function act(client: Asker, filter: Filter, ids: readonly string[], dryRun: boolean): Promise<Result> {
  // A job that runs again is not meant any more.
  const body = { verb: 'delete', filter: { ids, status: endedStatuses(filter) }, dryRun }
  return JSON.parse(await client.request('POST', '/jobs/actions', { body: JSON.stringify(body) }))
}
