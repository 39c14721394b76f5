/**
 * A composable as the app of the older system has it: one list and one socket for all components, `/api/runs/active` at first, on refresh, and
 * every five seconds while there is no socket. An end that is held stands against whatever is told later.
 */
import { computed, onScopeDispose, type Ref, ref, watch } from 'vue'

export interface TriggerRun {
  id: string
  taskIdentifier: string
  status: string
  startedAt: string
  finishedAt?: string
  output?: unknown
  error?: { message: string }
  tags?: readonly string[]
}

/** What a page uses of it. */
export interface Composables {
  useUserRuns(): {
    runs: Readonly<Ref<readonly TriggerRun[]>>
    isConnected: Readonly<Ref<boolean>>
    refresh(): Promise<void>
  }
  useUserRunsState(): {
    activeRunCount: Readonly<Ref<number>>
    cancelRun(id: string): Promise<void>
    onTaskCompleted(task: string, callback: (run: TriggerRun) => unknown): unknown
  }
}

const ACTIVE = ['EXECUTING', 'QUEUED', 'WAITING_FOR_DEPLOY', 'REATTEMPTING', 'FROZEN', 'PENDING_VERSION', 'DELAYED']
const ENDS = ['COMPLETED', 'FAILED', 'CANCELED', 'TIMED_OUT']
const RECONNECT_MS = 3_000
const POLL_MS = 5_000
const PING_MS = 30_000
/** How far the clocks of browser and server may be apart. */
const GRACE_MS = 2_000

const runs = ref<readonly TriggerRun[]>([])
const isConnected = ref(false)
let users = 0
let socket: WebSocket | undefined
let timers: ReturnType<typeof setInterval>[] = []

const isEnd = (status: string | undefined) => status !== undefined && ENDS.includes(status)

function merge(news: readonly TriggerRun[]): void {
  const merged = new Map(runs.value.map((run) => [run.id, run]))
  for (const run of news) {
    const held = merged.get(run.id)
    if (!isEnd(held?.status) || isEnd(run.status)) merged.set(run.id, { ...held, ...run })
  }
  const newestFirst = [...merged.values()].sort((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt))
  runs.value = newestFirst.slice(0, 50)
}

async function fetchActiveRuns(): Promise<void> {
  const response = await fetch('/api/runs/active').catch(() => undefined)
  if (response?.ok) merge(await response.json())
}

function connect(): void {
  if (socket) return
  const opened = new WebSocket(`${location.origin.replace('http', 'ws')}/api/websocket`)
  socket = opened
  opened.onopen = async () => {
    isConnected.value = true
    const { token } = await (await fetch('/api/websocket-token')).json()
    opened.send(JSON.stringify({ type: 'authenticate', token }))
    opened.send(JSON.stringify({ type: 'subscribe_user' }))
  }
  opened.onmessage = ({ data }) => {
    const { type, runId, ...run } = JSON.parse(data)
    if (type === 'run_update') merge([{ id: runId, ...run }])
  }
  opened.onclose = () => {
    isConnected.value = false
    socket = undefined
    if (users > 0) setTimeout(connect, RECONNECT_MS)
  }
}

function begin(): void {
  void fetchActiveRuns()
  connect()
  timers = [
    setInterval(() => isConnected.value && socket?.send('ping'), PING_MS),
    setInterval(() => !isConnected.value && fetchActiveRuns(), POLL_MS),
  ]
}

export function useUserRuns() {
  if (++users === 1) begin()
  onScopeDispose(() => {
    if (--users > 0) return
    for (const timer of timers) clearInterval(timer)
    socket?.close()
  })
  return { runs, isConnected, refresh: fetchActiveRuns }
}

export function useUserRunsState() {
  const { runs } = useUserRuns()
  const activeRunCount = computed(() => runs.value.filter(({ status }) => ACTIVE.includes(status)).length)

  function onTaskCompleted(task: string, callback: (run: TriggerRun) => unknown): void {
    const since = Date.now() - GRACE_MS
    const told = new Set<string>()
    const tell = (now: readonly TriggerRun[]) => {
      for (const run of now) {
        const isNews = run.taskIdentifier === task && run.status === 'COMPLETED' && !told.has(run.id)
        if (!isNews || Date.parse(run.finishedAt ?? '') < since) continue
        told.add(run.id)
        callback(run)
      }
    }
    watch(runs, tell, { immediate: true })
  }

  async function cancelRun(id: string): Promise<void> {
    const response = await fetch(`/api/runs/${id}`, { method: 'DELETE' })
    if (!response.ok) throw new Error((await response.json()).message)
  }

  return { activeRunCount, cancelRun, onTaskCompleted }
}
