/** The store of the older system's page: tasks that were fetched once, and patched by id from then on. Its colours beside it. */
import { create } from 'zustand'

export interface Task {
  id: string
  status: string
  updatedAt: Date
  output?: string
  error?: string
  assignee?: string
  projectId?: string
}

export interface Agent {
  id: string
  status: string
  currentTask?: string
}

interface Store {
  tasks: Record<string, Task>
  agents: Record<string, Agent>
  connectionStatus: 'connecting' | 'connected' | 'reconnecting' | 'disconnected'
  setConnectionStatus(status: Store['connectionStatus']): void
  updateTask(id: string, patch: Partial<Task>): void
  updateAgent(id: string, patch: Partial<Agent>): void
}

export const useStore = create<Store>()((set) => ({
  tasks: {},
  agents: {},
  connectionStatus: 'disconnected',
  setConnectionStatus: (connectionStatus) => set({ connectionStatus }),
  updateTask: (id, patch) =>
    set(({ tasks }) => (tasks[id] ? { tasks: { ...tasks, [id]: { ...tasks[id], ...patch } } } : {})),
  updateAgent: (id, patch) =>
    set(({ agents }) => ({ agents: { ...agents, [id]: { ...(agents[id] ?? { id, status: 'idle' }), ...patch } } })),
}))

interface Fetched {
  id: string | number
  status: string
  updated_at: string
}

export async function fetchTasks(token: string): Promise<void> {
  const response = await fetch('/api/tasks?limit=100', { headers: { Authorization: `Bearer ${token}` } })
  const { tasks } = (await response.json()) as { tasks: Fetched[] }
  const held = tasks.map(({ id, status, updated_at }) => ({ id: String(id), status, updatedAt: new Date(updated_at) }))
  useStore.setState({ tasks: Object.fromEntries(held.map((task) => [task.id, task])) })
}

const LOOKS: Record<string, { hex: string; badge: string }> = {
  pending: { hex: '#3B82F6', badge: 'Pending' },
  running: { hex: '#F59E0B', badge: 'Running' },
  completed: { hex: '#10B981', badge: 'Completed' },
  failed: { hex: '#EF4444', badge: 'Failed' },
}

export const colorOf = (status: string) => LOOKS[status]?.hex ?? '#3B82F6'
export const badgeOf = (status: string) => LOOKS[status]?.badge ?? 'Unknown'
