/** A page with one component, in strict mode, in a world that is played by hand. */
import { TidingsProvider } from '@tidings/react'
import { act, type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { type Driver, Play } from '../../../client/test/play.js'
import {
  createTaskStore,
  selectConnectionStatus,
  selectTasks,
  type Task,
  useWebSocket,
  type WebSocketControls,
} from '../src/index.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const roots: Root[] = []

export async function leaveAll(): Promise<void> {
  await act(async () => {
    for (const root of roots.splice(0)) root.unmount()
  })
}

/** Plays the server; the components draw by themselves. */
const noScreen = (): Driver => ({
  mount: () => {},
  unmount: () => {},
  draw: async (happen) => act(async () => happen()),
  jobs: () => [],
  statusOf: () => undefined,
  percentOf: () => undefined,
  askingOf: () => undefined,
  error: () => undefined,
  connectionState: () => '',
  settled: () => [],
  pause: async () => '',
})

export async function page(Component: () => ReactNode) {
  const play = new Play(noScreen)
  const at = document.createElement('main')
  const root = createRoot(at)
  roots.push(root)
  const render = (Shown: () => ReactNode) =>
    act(async () =>
      root.render(
        <StrictMode>
          <TidingsProvider client={play.world.client}>
            <Shown />
          </TidingsProvider>
        </StrictMode>,
      ),
    )
  await render(Component)
  return { play, render, text: () => at.textContent }
}

export const ended = { status: 'completed', settlement: 1, endedAt: '2026-11-22T11:00:00Z' }

/** A page with the hook; it shows the status of the connection and the tasks. */
export async function fed(store = createTaskStore()) {
  let controls!: WebSocketControls
  const Page = () => {
    controls = useWebSocket({ store })
    const status = store(selectConnectionStatus)
    return `${status}: ${store(selectTasks)
      .map(({ id, status }) => `${id} ${status}`)
      .join(', ')}`
  }
  const shown = await page(Page)
  return {
    ...shown,
    store,
    controls: () => controls,
    task: (id: string): Task | undefined => store.getState().tasks[id],
  }
}
