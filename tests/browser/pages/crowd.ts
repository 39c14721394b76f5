/**
 * A thousand jobs that change as often as a screen is drawn: the real client and the real list, over a socket that the page itself plays.
 * Notes how long each task of the page took and how many pictures were drawn.
 */
import { connect, type JobSummary, type Socket } from '@tidings/client'
import { setClient } from '@tidings/element'

declare global {
  interface Window {
    crowd: { pictures: number; frames: number; seconds: number; longTasks: number[]; done: boolean }
  }
}

const JOBS = 1_000
const RUN_MS = 3_000

window.crowd = { pictures: 0, frames: 0, seconds: 0, longTasks: [], done: false }

const summary = (n: number): JobSummary => ({
  id: `job_${String(n).padStart(26, '0')}`,
  task: 'crowd',
  title: `Job ${n}`,
  mode: 'worker',
  status: 'running',
  rev: 1,
  settlement: 0,
  attempt: 1,
  tenant: 'default',
  owner: 'local',
  priority: 0,
  progress: { percentage: 0, tick: 0 },
  pause: 'none',
  verbs: ['abort'],
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
  startedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
  updatedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
  ranMs: 0,
})

class Crowd implements Socket {
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null

  constructor() {
    setTimeout(() => this.onopen?.())
  }

  send(text: string): void {
    const frame = JSON.parse(text)
    if (frame.type === 'auth') {
      this.say({ type: 'hello', protocol: 1, epoch: 'e', heartbeatMs: 15_000 })
      const principal = { subject: 'local', tenant: 'default', scopes: [], tenantWide: false }
      this.say({ type: 'authenticated', principal })
    } else if (frame.type === 'subscribe') {
      this.say({
        type: 'snapshot',
        id: frame.id,
        jobs: Array.from({ length: JOBS }, (_, n) => summary(n)),
        more: false,
      })
      this.say({ type: 'live', id: frame.id, position: 'e-1', resumed: false, truncated: false })
      run(this, frame.id)
    }
  }

  close(): void {}

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

let running = false

function run(socket: Crowd, sub: number): void {
  if (running) return
  running = true
  // What was spent before on loading is not what is measured.
  setTimeout(() => {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.crowd.longTasks.push(duration)
    }).observe({ type: 'longtask' })
    const began = performance.now()
    const draw = () => {
      const passed = performance.now() - began
      if (passed > RUN_MS) {
        window.crowd.seconds = passed / 1000
        window.crowd.done = true
        return
      }
      window.crowd.pictures++
      const percentage = (passed / RUN_MS) * 100
      for (let n = 0; n < JOBS; n++) {
        const progress = { percentage, message: `step ${window.crowd.pictures}` }
        socket.say({ type: 'progress', subs: [sub], id: summaryId(n), rev: 1, tick: window.crowd.pictures, progress })
        window.crowd.frames++
      }
      requestAnimationFrame(draw)
    }
    requestAnimationFrame(draw)
  }, 500)
}

const ids = Array.from({ length: JOBS }, (_, n) => summary(n).id)
const summaryId = (n: number) => ids[n]

setClient(connect({ url: location.origin, share: false, WebSocket: Crowd }))
