/** A page with components, in a world that is played by hand. */
import type { JobSummary } from '@tidings/client'
import { createTidings } from '@tidings/vue'
import { type App, createApp, nextTick } from 'vue'
import { type Driver, Play } from '../../../client/test/play.js'
import { job } from '../../../client/test/world.js'

/** Plays the server; the components draw by themselves. */
const noScreen = (): Driver => ({
  mount: () => {},
  unmount: () => {},
  draw: async (happen) => {
    happen()
    await nextTick()
  },
  jobs: () => [],
  statusOf: () => undefined,
  percentOf: () => undefined,
  askingOf: () => undefined,
  error: () => undefined,
  connectionState: () => '',
  settled: () => [],
  pause: async () => '',
})

const apps: App[] = []

export function leaveAll(): void {
  for (const app of apps.splice(0)) app.unmount()
  document.body.replaceChildren()
}

export function newPlay(): Play {
  return new Play(noScreen)
}

/** Puts a component on the page; `play` is that of another page of the same tab. */
export async function page(setup: () => () => unknown, play: Play = newPlay()) {
  const at = document.createElement('main')
  document.body.append(at)
  const app = createApp({ setup: () => setup() as never }).use(createTidings({ client: play.world.client }))
  apps.push(app)
  app.mount(at)
  await nextTick()
  return {
    play,
    at,
    text: () => at.textContent?.replaceAll(/\s+/g, ' ').trim(),
    leave: () => {
      apps.splice(apps.indexOf(app), 1)
      app.unmount()
      at.remove()
    },
  }
}

/** A job of the user of the world. */
export function active(id: string, rev = 2, more: Partial<JobSummary> = {}): JobSummary {
  return job(id, rev, { task: 'generate-report', settlement: 1, startedAt: '2026-11-22T10:00:10Z', ...more })
}

export function ended(id: string, status: string, more: Partial<JobSummary> = {}): JobSummary {
  return active(id, 5, { status, endedAt: '2026-11-22T11:00:00Z', ...more })
}

export function answer(play: Play, status: number, body: object): void {
  play.world.answer = { status, body: JSON.stringify(body) }
}
