/**
 * Being told of ends, and what happened while nobody looked.
 * Collaborators: the client's `onSettled`, the digest of the client.
 */
import type { JobsTopic } from '@tidings/client'
import { type DigestState, digestOf, EMPTY_DIGEST } from '@tidings/client/digest'
import { type SettledCallbacks, tellSettled } from '@tidings/client/task-run'
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue, watch } from 'vue'
import { useTidings } from './provider.js'
import { onPage, useView } from './view.js'

/**
 * Told when a job of the topic ends: once per settlement in this tab, wherever it was started, and also for what ended while the page was
 * closed, after the first time this browser asked. A retried job that ends again is told again.
 *
 * @param topic A task's name, or any topic; a ref or getter is followed. Null: nothing yet.
 * @param told A function hears every kind of end; an object hears `onCompleted` apart from `onFailed`, which is every other end.
 * @example
 * useSettled('generate-report', { onCompleted: () => refetch(), onFailed: (job) => toast(job.error?.message ?? job.status) })
 */
export function useSettled(topic: MaybeRefOrGetter<string | JobsTopic | null>, told: SettledCallbacks): void {
  const client = useTidings()
  const key = () => {
    const now = toValue(topic)
    return now && JSON.stringify(typeof now === 'string' ? { task: now } : now)
  }
  onPage(() =>
    watch(
      key,
      (now, _, onCleanup) => {
        if (now) onCleanup(client.onSettled(JSON.parse(now) as JobsTopic, (job) => tellSettled(told, job)))
      },
      { immediate: true },
    ),
  )
}

/** What `useDigest` answers. */
export type DigestView = { [Name in keyof DigestState]: ComputedRef<DigestState[Name]> } & {
  /** Marks all that is shown as seen, in every tab of this browser. */
  read(): void
}

/**
 * While you were away: the caller's jobs that run now, and those that ended since somebody last looked. Kept per browser and user: other
 * devices do not know of it.
 *
 * @example
 * const { running, unread, read } = useDigest()
 * // <button @click="read">{{ running.length }} running, {{ unread }} new</button>
 */
export function useDigest(): DigestView {
  const digest = digestOf(useTidings())
  const state = useView(() => digest.view, EMPTY_DIGEST)
  return {
    running: computed(() => state.value.running),
    settled: computed(() => state.value.settled),
    unread: computed(() => state.value.unread),
    ready: computed(() => state.value.ready),
    read: digest.read,
  }
}
