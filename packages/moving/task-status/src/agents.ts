/**
 * What each agent does, as its tasks tell: an agent is the `assignee` of tasks.
 * Collaborators: the store holds the tasks. An agent without a task is not known here.
 */
import { once, type Selected, type Task } from './task-store.js'

/** One agent, as of the last change of its tasks. */
export interface Agent {
  id: string
  /** `busy` while a task of it is under way, `error` when the one that changed last has failed, else `idle`. */
  status: 'busy' | 'idle' | 'error'
  /** The task that is under way; of several, the one that changed last. */
  currentTask?: string
  /** What the task that changed last says, or answered. */
  output?: string
  /** What is wrong with that task. */
  error?: string
  updatedAt: Date
}

const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'waiting'])
const FAILED: ReadonlySet<string> = new Set(['failed', 'timed_out', 'lost'])

/**
 * The agents of all tasks, by name.
 *
 * @example
 * const agents = useTaskStore(selectAgents)
 * return agents.map(({ id, status, currentTask, output, error }) => <Row key={id} {...{ id, status, currentTask, output, error }} />)
 */
export const selectAgents: Selected<readonly Agent[]> = /* @__PURE__ */ once((tasks) => {
  const byAgent = new Map<string, Task[]>()
  for (const task of Object.values(tasks)) {
    if (!task.assignee) continue
    const own = byAgent.get(task.assignee) ?? []
    own.push(task)
    byAgent.set(task.assignee, own)
  }
  return [...byAgent].map(([id, own]) => agentOf(id, own)).sort((one, other) => (one.id < other.id ? -1 : 1))
})

function agentOf(id: string, tasks: Task[]): Agent {
  const newestFirst = tasks.sort((one, other) => other.updatedAt.getTime() - one.updatedAt.getTime())
  const current = newestFirst.find(({ status }) => UNDER_WAY.has(status))
  const [{ status, output, error, updatedAt }] = newestFirst
  return {
    id,
    status: current ? 'busy' : FAILED.has(status) ? 'error' : 'idle',
    ...(current && { currentTask: current.id }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    updatedAt,
  }
}
