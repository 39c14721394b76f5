/**
 * One task in a component: start it, watch it, steer it.
 * Collaborators: TaskRun does it all; this subscribes.
 */
import {
  type TaskActions,
  type TaskCallbacks,
  TaskRun,
  type TaskState,
  type TaskTarget,
} from '@tidings/client/task-run'
import { useEffect, useInsertionEffect, useMemo, useRef } from 'react'
import { useTidings } from './provider.js'
import { useView } from './view.js'

/** Callbacks are told each end once, and always the newest ones. */
export interface TaskOptions<Output = unknown> extends TaskCallbacks<Output> {
  /** A job to take up when the component is mounted: its id, or `{ session }` or `{ subject }` for the newest of that topic. */
  autoConnect?: TaskTarget
}

/** What `useTask` answers. */
export type Task<Input = unknown, Output = unknown> = TaskState<Output> & TaskActions<Input>

/**
 * Starts a task and becomes its progress and its result.
 *
 * `startTask` answers the id, or undefined when the server refused; it never rejects, and neither do the verbs. Why stands in `error`.
 * `onError` is told one sentence for every end without success and for a submit that was refused. An end that a taken up job (`autoConnect`)
 * had reached before is told once per browser.
 *
 * @example
 * const task = useTask<{ url: string }, { broken: number }>({
 *   autoConnect: { session: pageId },
 *   onComplete: ({ broken }) => toast(`${broken} broken links`),
 *   onError: toast,
 * })
 * if (task.status === 'idle')
 *   return <button onClick={() => task.startTask('check-links', { url }, { session: pageId })}>Check</button>
 * return <p>{task.message} <button onClick={task.abortTask}>Abort</button></p>
 */
export function useTask<Input = unknown, Output = unknown>(options: TaskOptions<Output> = {}): Task<Input, Output> {
  const { autoConnect, ...callbacks } = options
  const client = useTidings()
  const first = useRef(autoConnect)
  const run = useMemo(() => new TaskRun<Input, Output>(client, first.current), [client])
  useInsertionEffect(() => {
    run.callbacks = callbacks
  })
  const target = JSON.stringify(autoConnect)
  useEffect(() => run.autoConnect(target === undefined ? undefined : (JSON.parse(target) as TaskTarget)), [run, target])
  const state = useView(run.view, run.view.getSnapshot())
  return useMemo(() => ({ ...state, ...run.actions }), [state, run])
}
