/**
 * The composables: the runs, what is told of their ends, and the monitor's door.
 * Collaborators: UserRuns is shared by all of them; `@tidings/vue` says which client an app uses.
 */
import { useTidings } from '@tidings/vue'
import { type ComputedRef, computed, type ShallowRef } from 'vue'
import { isActive, type TriggerRun } from './run.js'
import { type HookOptions, hearEnds, type RunHook } from './task-hooks.js'
import { userRunsOf } from './user-runs.js'
import { whileShown } from './while-shown.js'

/** What `useUserRuns` answers. */
export interface UserRunsView {
  /** Newest first; active ones and those that ended lately. The same list in all components. Empty while nobody is signed in. */
  runs: Readonly<ShallowRef<readonly TriggerRun[]>>
  /** What is shown is as new as can be. */
  isConnected: Readonly<ShallowRef<boolean>>
  /** The first list is on its way, or a refresh. */
  isLoading: ComputedRef<boolean>
  /**
   * Done when `runs` shows what the server knew at the call: a run that was started before is there. Not needed, since the list is live,
   * and never in the way: it does not reject, and no call is skipped. It waits five seconds at most.
   */
  refresh(): Promise<void>
  /** The same as `refresh`. */
  fetchActiveRuns(): Promise<void>
  /** Asks a run to end. Rejects with a `TidingsProblem` whose `message` says why the server refused. */
  cancelRun(id: string): Promise<void>
}

/**
 * The runs of whoever is signed in, live. All components share one list and one connection; it is followed until the last component or
 * store that uses it is gone.
 *
 * @example
 * const { runs, refresh } = useUserRuns()
 * await $fetch('/api/reports/generate', { method: 'POST' })
 * await refresh()
 */
export function useUserRuns(): UserRunsView {
  const shared = userRunsOf(useTidings())
  whileShown(() => shared.look())
  const { runs, isConnected, refresh, cancel } = shared
  const isLoading = computed(() => shared.isComing.value || shared.refreshes.value > 0)
  return { runs, isConnected, isLoading, refresh, fetchActiveRuns: refresh, cancelRun: cancel }
}

/** What `useUserRunsState` answers. */
export interface UserRunsState extends Pick<UserRunsView, 'runs' | 'isConnected' | 'cancelRun'> {
  /** For a badge. */
  activeRunCount: ComputedRef<number>
  /**
   * Calls back once for each run of the task that completes, wherever it was started, with its `output`; also for what completed while the
   * page slept or was closed, since this browser asked for the first time. It ends with the component or store. Returns what ends it
   * sooner.
   *
   * @example
   * onTaskCompleted('generate-recommendations', () => refreshData())
   * onTaskCompleted('structure-workout', (run) => show(run.output), { tag: `planned-workout:${id}` })
   */
  onTaskCompleted(taskIdentifier: string, callback: RunHook, options?: HookOptions): () => void
  /** The same for every end without success: failed, canceled, timed out, crashed. `run.status` says which, `run.error` why. */
  onTaskFailed(taskIdentifier: string, callback: RunHook, options?: HookOptions): () => void
}

/**
 * The runs together with their hooks.
 *
 * @example
 * const { activeRunCount, onTaskCompleted, onTaskFailed } = useUserRunsState()
 * onTaskCompleted('generate-report', () => refetch())
 * onTaskFailed('generate-report', (run) => toast.add({ title: run.error?.message ?? run.status }))
 */
export function useUserRunsState(): UserRunsState {
  const client = useTidings()
  const { runs, isConnected, cancelRun } = useUserRuns()
  const hook =
    (completed: boolean) =>
    (task: string, told: RunHook, { tag }: HookOptions = {}) =>
      whileShown(() => hearEnds(client, { task, tag, completed, told }))
  return {
    runs,
    isConnected,
    cancelRun,
    activeRunCount: computed(() => runs.value.filter(isActive).length),
    onTaskCompleted: hook(true),
    onTaskFailed: hook(false),
  }
}

/** What `useTriggerMonitor` answers. */
export interface TriggerMonitor {
  isOpen: Readonly<ShallowRef<boolean>>
  open(): void
  close(): void
  toggle(): void
}

/**
 * Opens and closes the monitor from anywhere.
 *
 * @example
 * const { toggle } = useTriggerMonitor()
 */
export function useTriggerMonitor(): TriggerMonitor {
  const { open } = userRunsOf(useTidings())
  const set = (next: boolean) => {
    open.value = next
  }
  return { isOpen: open, open: () => set(true), close: () => set(false), toggle: () => set(!open.value) }
}
