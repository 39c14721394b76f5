/** A clock, a network and a server that a test plays by hand. */
import {
  type Client,
  type ConnectOptions,
  connect,
  type JobSummary,
  type JobsTopic,
  type Socket,
} from '../src/index.js'

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

export class World {
  time = 1_000_000
  sockets: FakeSocket[] = []
  fractions = 0.5
  tokens: boolean[] = []
  wake: () => void = () => {}
  frames: (() => void)[] = []
  requests: { url: string; init: RequestInit }[] = []
  answer: { status: number; body: string } = { status: 200, body: '{}' }
  readonly client: Client
  private timers = new Map<number, { at: number; run: () => void }>()
  private lastTimer = 0

  constructor(options: ConnectOptions = {}) {
    const sockets = this.sockets
    this.client = connect({
      url: 'http://tidings.test',
      token: async (refused) => {
        this.tokens.push(refused)
        return `token-${this.tokens.length}`
      },
      now: () => this.time,
      random: () => this.fractions,
      setTimer: (run, milliseconds) => {
        this.timers.set(++this.lastTimer, { at: this.time + milliseconds, run })
        return this.lastTimer
      },
      clearTimer: (timer) => void this.timers.delete(timer as number),
      frame: (run) => void this.frames.push(run),
      onWake: (wake) => {
        this.wake = wake
        return () => {}
      },
      uniqueKey: () => 'key-1',
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(url)
          sockets.push(this)
        }
      },
      fetch: async (url, init) => {
        this.requests.push({ url: String(url), init: init ?? {} })
        return new Response(this.answer.body, { status: this.answer.status })
      },
      ...options,
    })
  }

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]
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

  /** Lets the newest socket open and say who it is. */
  async open(epoch = 'e1'): Promise<FakeSocket> {
    const { socket } = this
    socket.onopen?.()
    await Promise.resolve()
    await Promise.resolve()
    socket.say({ type: 'hello', protocol: 1, epoch, heartbeatMs: 15_000 }, { type: 'authenticated' })
    return socket
  }

  /** Follows a topic and brings it to life with these jobs at position `p1`. */
  async follow(jobs: JobSummary[], topic: JobsTopic = { tenant: true }): Promise<FakeSocket> {
    this.client.subscribeTopic(topic, () => {})
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
    return this.client.getSnapshot(topic).jobs.map((each) => `${each.id}@${each.rev}`)
  }

  connection(): string {
    this.draw()
    return this.client.connection.getSnapshot().state
  }
}

export function job(id: string, rev: number, more: Partial<JobSummary> = {}): JobSummary {
  return { id, task: 'check', mode: 'process', status: 'running', rev, createdAt: '2026-11-22T10:00:00Z', ...more }
}

export function update(position: string, of: JobSummary, subs = [1]): object {
  return { type: 'update', position, subs, kind: 'changed', job: of }
}
