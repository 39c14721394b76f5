/**
 * Tasks by id and whether they are true now, in a Zustand store; alone, or as a part of an app's own.
 * Collaborators: `task-feed` fills it, components select from it. It keeps what an app puts beside, and refuses a patch that is older than
 * what is held.
 */
import type { JobSummary, Progress, Status } from '@tidings/client'
import { create } from 'zustand'

/** Whether what is shown is true now. */
export type ConnectionStatus = 'connecting' | 'connected' | 'reconnecting' | 'disconnected'

/** One task, as of the last change. An app may put more beside these fields: they stay. */
export interface Task {
  /** The id that the app knows it by (`externalId`), else that of the job. */
  id: string
  /** A status of a job; of a task that the app put in itself, whatever it says. */
  status: Status | (string & {})
  updatedAt: Date
  createdAt?: Date
  /** The kind of work. */
  name?: string
  /** What people see instead. */
  title?: string
  progress?: Progress
  /** Why it ended without success, or what is wrong with it, in a sentence. */
  error?: string
  /**
   * What it answered, as text. Of a job that another engine runs it is what it said last, read after each change; of any other it is read
   * when it completes. Of what had ended before anybody looked it is not read.
   */
  output?: string
  /** From the tag `assignee:<name>`. */
  assignee?: string
  /** From the tag `project:<id>`. */
  projectId?: string
  /** Revision of the job: the higher one is newer. */
  rev?: number
  /** The whole record, with the `verbs` that may be asked now. */
  job?: JobSummary
}

export type TaskPatch = Partial<Omit<Task, 'id'>>

/** The part of a store that `useWebSocket` feeds. */
export interface TaskSlice {
  /** By id. The same object until something changes, and so is each task. */
  tasks: Readonly<Record<string, Task>>
  connectionStatus: ConnectionStatus
  /** Why there is no connection; null while there is nothing to say. */
  error: string | null
  /**
   * Patches a task that is held, as the answer to a request or what is expected of it. A patch with a lower `rev` than that of the task is
   * dropped; one for a task that is not held, too. What the server tells next replaces it.
   */
  updateTask(id: string, patch: TaskPatch): void
  /** Puts in tasks that the app knows of by itself. Fields of the same id that are not named stay. */
  putTasks(tasks: readonly Task[]): void
  /** Puts in tasks as they are: what they do not say is gone. */
  replaceTasks(tasks: readonly Task[]): void
  removeTasks(ids: readonly string[]): void
  /** Empties it: whoever they belonged to is not there any more. */
  clearTasks(): void
  setConnectionStatus(status: ConnectionStatus, error?: string | null): void
}

/**
 * The slice, for an app that has one store for everything.
 *
 * @example
 * const useStore = create<TaskSlice & Mine>()((set) => ({ ...taskSlice(set), filter: 'all' }))
 * useWebSocket({ store: useStore })
 */
export function taskSlice(set: (change: (held: TaskSlice) => Partial<TaskSlice>) => void): TaskSlice {
  return {
    tasks: {},
    connectionStatus: 'disconnected',
    error: null,
    updateTask: (id, patch) =>
      set(({ tasks }) => {
        const held = tasks[id]
        const isOlder = held && patch.rev !== undefined && patch.rev < (held.rev ?? 0)
        return held && !isOlder ? { tasks: { ...tasks, [id]: { ...held, ...patch } } } : {}
      }),
    putTasks: (put) =>
      set(({ tasks }) => {
        const next = { ...tasks }
        for (const task of put) next[task.id] = { ...next[task.id], ...task }
        return { tasks: next }
      }),
    replaceTasks: (put) =>
      set(({ tasks }) => ({ tasks: { ...tasks, ...Object.fromEntries(put.map((task) => [task.id, task])) } })),
    removeTasks: (ids) =>
      set(({ tasks }) => {
        const gone = new Set(ids)
        return { tasks: Object.fromEntries(Object.entries(tasks).filter(([id]) => !gone.has(id))) }
      }),
    clearTasks: () => set(() => ({ tasks: {} })),
    setConnectionStatus: (connectionStatus, error = null) =>
      set((held) =>
        held.connectionStatus === connectionStatus && held.error === error ? {} : { connectionStatus, error },
      ),
  }
}

/** A store of its own: a hook with selectors, and `getState`, `setState`, `subscribe`. */
export function createTaskStore() {
  return create<TaskSlice>()(taskSlice)
}

/**
 * The store of the app.
 *
 * @example
 * const task = useTaskStore(selectTask('123'))
 * const status = useTaskStore(selectConnectionStatus)
 */
export const useTaskStore = /* @__PURE__ */ createTaskStore()

/** A selector: of a store with the slice, or of anything else that has its tasks. */
export type Selected<Value> = (state: Pick<TaskSlice, 'tasks'>) => Value

/** Selectors that make a list make it once for the same tasks: a new one at each call would draw for ever. */
export function once<Value>(make: (tasks: TaskSlice['tasks']) => Value): Selected<Value> {
  const made = new WeakMap<object, { value: Value }>()
  return ({ tasks }) => {
    let known = made.get(tasks)
    if (!known) {
      known = { value: make(tasks) }
      made.set(tasks, known)
    }
    return known.value
  }
}

/** One task; undefined while it is not held. */
export function selectTask(id: string): Selected<Task | undefined> {
  return ({ tasks }) => tasks[id]
}

/** All tasks, newest first. */
export const selectTasks: Selected<readonly Task[]> = /* @__PURE__ */ once((tasks) =>
  Object.values(tasks).sort((one, other) => (other.createdAt?.getTime() ?? 0) - (one.createdAt?.getTime() ?? 0)),
)

const byStatus = /* @__PURE__ */ once((tasks) => {
  const lists: Record<string, Task[]> = {}
  for (const task of selectTasks({ tasks })) {
    lists[task.status] ??= []
    lists[task.status].push(task)
  }
  return lists
})

const NONE: readonly Task[] = []

/** The tasks of one status, newest first. */
export function selectTasksByStatus(status: string): Selected<readonly Task[]> {
  return (state) => byStatus(state)[status] ?? NONE
}

/** How many tasks each status has; those without any are left out. */
export const selectStatusCounts: Selected<Readonly<Record<string, number>>> = /* @__PURE__ */ once((tasks) =>
  Object.fromEntries(Object.entries(byStatus({ tasks })).map(([status, { length }]) => [status, length])),
)

export function selectConnectionStatus({ connectionStatus }: Pick<TaskSlice, 'connectionStatus'>): ConnectionStatus {
  return connectionStatus
}
