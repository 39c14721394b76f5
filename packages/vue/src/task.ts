/**
 * One task in a component: start it, watch it, steer it.
 * Collaborators: TaskRun does it all; this subscribes.
 */
import {
  sentenceOf,
  type TaskActions,
  type TaskCallbacks,
  TaskRun,
  type TaskState,
  type TaskTarget,
} from '@tidings/client/task-run'
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue, watch } from 'vue'
import { useTidings } from './provider.js'
import { onPage, useView } from './view.js'

/** Callbacks are told each end once. */
export interface TaskOptions<Output = unknown> extends TaskCallbacks<Output> {
  /** A job to take up when the component is mounted: its id, or `{ session }` or `{ subject }` for the newest of that topic. */
  autoConnect?: MaybeRefOrGetter<TaskTarget>
}

/** What `useTask` answers. */
export type Task<Input = unknown, Output = unknown> = TaskActions<Input> & {
  [Name in keyof TaskState]: ComputedRef<TaskState<Output>[Name]>
}

/**
 * Starts a task and becomes its progress and its result.
 *
 * `startTask` answers the id, or undefined when the server refused; it never rejects, and neither do the verbs. Why stands in `error`.
 * `onError` is told one sentence for every end without success and for a submit that was refused. An end that a taken up job (`autoConnect`)
 * had reached before is told once per browser.
 *
 * @param options A getter is asked for its callbacks at each call.
 * @example
 * const { status, message, startTask } = useTask<{ url: string }, { broken: number }>({
 *   autoConnect: () => ({ session: props.page }),
 *   onComplete: ({ broken }) => toast(`${broken} broken links`),
 *   onError: toast,
 * })
 * // <button v-if="status === 'idle'" @click="startTask('check-links', { url }, { session: page })">Check</button>
 */
export function useTask<Input = unknown, Output = unknown>(
  options: MaybeRefOrGetter<TaskOptions<Output>> = {},
): Task<Input, Output> {
  const target = () => toValue(toValue(options).autoConnect)
  const run = new TaskRun<Input, Output>(useTidings(), target())
  run.callbacks = {
    onComplete: (result) => toValue(options).onComplete?.(result),
    onError: (error) => toValue(options).onError?.(error),
    onUpdate: (update) => toValue(options).onUpdate?.(update),
    sentence: (of) => (toValue(options).sentence ?? sentenceOf)(of),
  }
  const state = useView(() => run.view, run.view.getSnapshot())
  onPage(() => watch(target, (now) => run.autoConnect(now), { immediate: true }))
  const names = Object.keys(state.value) as (keyof TaskState)[]
  const refs = Object.fromEntries(names.map((name) => [name, computed(() => state.value[name])]))
  return { ...run.actions, ...refs } as Task<Input, Output>
}
