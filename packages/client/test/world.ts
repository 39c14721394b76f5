/** A clock, a network and a server that a test plays by hand. */
import {
  type Client,
  type ConnectOptions,
  connect,
  type JobSummary,
  type JobsTopic,
  type Socket,
} from '../src/index.js'
import { type FakeBrowser, FakeStorage } from './browser.js'

export class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null
  readonly sent: Record<string, unknown>[] = []
  closed = false

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.closed = true
  }

  say(...frames: object[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) })
  }

  end(code: number): void {
    this.onclose?.({ code })
  }

  subscribes(): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame.type === 'subscribe')
  }
}

let lastKey = 0

export class World {
  time = 1_000_000
  sockets: FakeSocket[] = []
  fractions = 0.5
  tokens: boolean[] = []
  wake: () => void = () => {}
  hide: () => void = () => {}
  shown = true
  /** Whether the server answers requests. */
  reachable = true
  /** Whoever the server takes the newest token for. */
  me: object = { subject: 'ann', tenant: 'default', scopes: ['jobs:read'] }
  /** How `/me` is answered. */
  identify: () => Promise<Response> = async () => Response.json(this.me)
  readonly session: FakeStorage
  readonly local: FakeStorage
  frames: (() => void)[] = []
  requests: { url: string; init: RequestInit }[] = []
  answer: { status: number; body: string } = { status: 200, body: '{}' }
  readonly client: Client
  private timers = new Map<number, { at: number; run: () => void }>()
  private lastTimer = 0

  /** With a `browser` it is one of its tabs; `session` outlives a reload. */
  constructor(options: ConnectOptions & { browser?: FakeBrowser; session?: FakeStorage; local?: FakeStorage } = {}) {
    const { browser, session, local, ...given } = options
    this.session = session ?? new FakeStorage()
    this.local = browser?.local ?? local ?? new FakeStorage()
    const sockets = this.sockets
    this.client = connect({
      url: 'http://tidings.test',
      token: async (refused) => {
        this.tokens.push(refused)
        return `token-${this.tokens.length}`
      },
      now: () => this.time,
      random: () => this.fractions,
      setTimer: (run, milliseconds) => this.later(run, milliseconds),
      clearTimer: (timer) => void this.timers.delete(timer as number),
      frame: (run) => void this.frames.push(run),
      onPage: ({ wake, hide }) => {
        this.wake = wake
        this.hide = hide
        return () => {
          this.wake = this.hide = () => {}
        }
      },
      visible: () => this.shown,
      uniqueKey: () => `key-${++lastKey}`,
      locks: browser?.locksOf(this),
      channel: browser?.channelOf(this),
      session: this.session,
      local: this.local,
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url)
          sockets.push(this)
        }
      },
      fetch: async (url, init) => {
        if (!this.reachable) throw new TypeError('Failed to fetch')
        if (String(url).endsWith('/api/v1/me')) return this.identify()
        this.requests.push({ url: String(url), init: init ?? {} })
        return new Response(this.answer.body, { status: this.answer.status })
      },
      ...given,
    })
  }

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]
  }

  /** Runs when so much time has passed here; answers the number of the timer. */
  later(run: () => void, milliseconds: number): number {
    this.timers.set(++this.lastTimer, { at: this.time + milliseconds, run })
    return this.lastTimer
  }

  pass(milliseconds: number): void {
    const until = this.time + milliseconds
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.time = Math.max(this.time, due[1].at)
      due[1].run()
    }
    this.time = until
  }

  draw(): void {
    const frames = this.frames
    this.frames = []
    for (const run of frames) run()
  }

  /** Lets promises that are due run. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 40; turns++) await Promise.resolve()
  }

  /** Lets the newest socket open and say who it is. */
  async open(epoch = 'e1'): Promise<FakeSocket> {
    await this.settle()
    const { socket } = this
    socket.onopen?.()
    await this.settle()
    socket.say(
      { type: 'hello', protocol: 1, epoch, heartbeatMs: 15_000 },
      { type: 'authenticated', principal: this.me },
    )
    return socket
  }

  /** Follows a topic and brings it to life with these jobs at position `p1`. */
  async follow(jobs: JobSummary[], topic: JobsTopic = { tenant: true }): Promise<FakeSocket> {
    this.client.jobs(topic).subscribe(() => {})
    const socket = await this.open()
    socket.say(
      { type: 'snapshot', id: 1, jobs },
      { type: 'live', id: 1, position: 'p1', resumed: false, reason: 'fresh' },
    )
    this.draw()
    return socket
  }

  /** What is held of a topic, as `id@rev` in order. */
  held(topic: JobsTopic = { tenant: true }): string[] {
    this.draw()
    return this.client
      .jobs(topic)
      .getSnapshot()
      .jobs.map((each) => `${each.id}@${each.rev}`)
  }

  connection(): string {
    this.draw()
    return this.client.connection.getSnapshot().state
  }
}

const PLAIN = {
  attempt: 1,
  pause: 'cooperative' as const,
  priority: 0,
  progress: {},
  ranMs: 0,
  settlement: 0,
  tenant: 'default',
  owner: 'ann',
  updatedAt: '2026-11-22T10:00:00Z',
  verbs: [],
}

export function job(id: string, rev: number, more: Partial<JobSummary> = {}): JobSummary {
  return {
    ...PLAIN,
    id,
    task: 'check',
    mode: 'process',
    status: 'running',
    rev,
    createdAt: '2026-11-22T10:00:00Z',
    ...more,
  }
}

export function update(position: string, of: JobSummary, subs = [1]): object {
  return { type: 'update', position, subs, kind: 'changed', job: of }
}

export function live(id: number, position: string, resumed = false): object {
  return { type: 'live', id, position, resumed, truncated: false }
}

export function ended(id: string, rev: number, settlement = 1, at = '2026-11-22T10:00:01Z'): JobSummary {
  return job(id, rev, { status: 'completed', settlement, endedAt: at })
}

export function settled(position: string, of: JobSummary, subs = [1]): object {
  return { type: 'update', position, subs, kind: 'settled', job: of }
}

/** What is thrown where nobody catches it while this runs, as the page would hear of it. */
export async function uncaught(run: () => unknown): Promise<string[]> {
  const faults: string[] = []
  const caught = (error: unknown) => void faults.push(String(error))
  process.on('uncaughtException', caught)
  try {
    await run()
    await new Promise((then) => setImmediate(then))
  } finally {
    process.off('uncaughtException', caught)
  }
  return faults
}
