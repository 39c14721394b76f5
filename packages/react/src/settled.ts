/**
 * Being told of ends, and what happened while nobody looked.
 * Collaborators: the client's `onSettled`, the digest of the client.
 */
import type { JobsTopic } from '@tidings/client'
import { type DigestState, digestOf, EMPTY_DIGEST } from '@tidings/client/digest'
import { type SettledCallbacks, tellSettled } from '@tidings/client/task-run'
import { useEffect, useMemo } from 'react'
import { useTidings } from './provider.js'
import { useNewest, useView } from './view.js'

/**
 * Told when a job of the topic ends: once per settlement in this tab, wherever it was started, and also for what ended while the page was
 * closed, after the first time this browser asked. A retried job that ends again is told again. The newest callbacks are told.
 *
 * @param topic A task's name, or any topic. Null: nothing yet.
 * @param told A function hears every kind of end; an object hears `onCompleted` apart from `onFailed`, which is every other end.
 * @example
 * useSettled('generate-report', { onCompleted: () => refetch(), onFailed: (job) => toast(job.error?.message ?? job.status) })
 */
export function useSettled(topic: string | JobsTopic | null, told: SettledCallbacks): void {
  const client = useTidings()
  const newest = useNewest(told)
  const key = topic && JSON.stringify(typeof topic === 'string' ? { task: topic } : topic)
  useEffect(() => {
    if (key) return client.onSettled(JSON.parse(key) as JobsTopic, (job) => tellSettled(newest.current, job))
  }, [client, key, newest])
}

/** What `useDigest` answers. */
export interface DigestView extends DigestState {
  /** Marks all that is shown as seen, in every tab of this browser. */
  read(): void
}

/**
 * While you were away: the caller's jobs that run now, and those that ended since somebody last looked. Kept per browser and user: other
 * devices do not know of it.
 *
 * @example
 * const { running, settled, unread, read } = useDigest()
 * return <button onClick={read}>{running.length} running, {unread} new</button>
 */
export function useDigest(): DigestView {
  const digest = digestOf(useTidings())
  const state = useView(digest.view, EMPTY_DIGEST)
  return useMemo(() => ({ ...state, read: digest.read }), [state, digest])
}
