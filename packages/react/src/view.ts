/**
 * A view of the client in a component.
 * Collaborators: every hook that shows something. On a server nothing is followed, and nothing is looked up.
 */
import type { Client, JobsTopic, JobsView, View } from '@tidings/client'
import { useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'

/** Follows while the component is mounted. `empty` is what a server renders and what hydration begins with. */
export function useView<Value>(view: View<Value>, empty: Value): Value {
  return useSyncExternalStore(view.subscribe, view.getSnapshot, () => empty)
}

const NO_JOBS: JobsView = { jobs: [], ready: false, truncated: false }
const NO_TOPIC: View<JobsView> = { subscribe: () => () => {}, getSnapshot: () => NO_JOBS }

/** The jobs of a topic; none while there is no topic. Equal topics are the same topic. */
export function useTopic(client: Client, topic: JobsTopic | undefined): JobsView {
  const key = topic && JSON.stringify(topic)
  const view = useMemo((): View<JobsView> => {
    if (key === undefined) return NO_TOPIC
    const same = JSON.parse(key) as JobsTopic
    return {
      subscribe: (listener) => client.jobs(same).subscribe(listener),
      getSnapshot: () => client.jobs(same).getSnapshot(),
    }
  }, [client, key])
  return useView(view, NO_JOBS)
}

/** Always the newest value, for a callback that is called later. */
export function useNewest<Value>(value: Value): { readonly current: Value } {
  const newest = useRef(value)
  useInsertionEffect(() => {
    newest.current = value
  })
  return newest
}
