/**
 * A screen of a binding in a world that is played by hand: what the scenarios do to it, and what they look at.
 * Collaborators: the scenarios, a driver for each binding. It reads no inside of the client, so that it counts whatever the client makes of it.
 */
import { type Client, hasEnded, type JobSummary, type JobsTopic, type View } from '../src/index.js'
import { type FakeSocket, World } from './world.js'

/**
 * One screen of a binding: it shows the jobs of a topic and the state of the connection, and has a hook on what settles in that topic.
 * `jobs`, `statusOf` and the like read what is drawn, not the client.
 */
export interface Driver {
  /** Puts the screen on the page; again with another topic changes that of the screen. */
  mount(topic: JobsTopic): void | Promise<void>
  /** Takes it off the page. */
  unmount(): void | Promise<void>
  /** Runs `happen`, in which listeners are told, and lets the binding draw what came of it. */
  draw(happen: () => void): void | Promise<void>
  /** `id@rev` of each job, in the order of the screen; empty when nothing is mounted. */
  jobs(): string[]
  statusOf(id: string): string | undefined
  percentOf(id: string): number | undefined
  /** The verb that is under way. */
  askingOf(id: string): string | undefined
  /** Code of the refusal of the topic. */
  error(): string | undefined
  connectionState(): string
  /** What the hook was told, as `id status settlement`, since the driver was made. */
  settled(): string[]
  /** Asks for a pause as a button of a row does; answers the reason of a refusal, or an empty text. */
  pause(id: string): Promise<string>
}

export const topic = { session: 's1' } as const

/** A world, a screen in it, and the server's part played by topic rather than by number of subscription. */
export class Play {
  readonly driver: Driver
  private readonly lookers = new Map<object, number>()
  private answered = new Set<unknown>()

  constructor(
    driverOf: (world: World) => Driver,
    readonly world = new World(),
  ) {
    this.count(this.world.client)
    this.driver = driverOf(this.world)
  }

  get socket(): FakeSocket {
    return this.world.socket
  }

  async draw(): Promise<void> {
    await this.world.settle()
    await this.driver.draw(() => this.world.draw())
  }

  async mount(of: JobsTopic = topic): Promise<void> {
    await this.driver.mount(of)
    await this.draw()
  }

  async unmount(): Promise<void> {
    await this.driver.unmount()
    await this.draw()
  }

  /** Mounts the screen and brings it to life with these jobs, at position `p1`. Those that have not ended may be paused. */
  async follow(...jobs: JobSummary[]): Promise<void> {
    await this.mount()
    await this.open()
    await this.snapshot(jobs.map((job) => (hasEnded(job.status) ? job : { ...job, verbs: ['pause'] })))
  }

  async open(epoch = 'e1'): Promise<void> {
    this.answered = new Set()
    await this.world.open(epoch)
    await this.draw()
  }

  /** The connection is cut, and comes back. */
  async again({ code = 1006, epoch = 'e1' } = {}): Promise<void> {
    await this.close(code)
    this.world.pass(20_000)
    await this.open(epoch)
  }

  async close(code: number): Promise<void> {
    await this.driver.draw(() => this.socket.end(code))
    await this.draw()
  }

  async pass(milliseconds: number): Promise<void> {
    await this.driver.draw(() => this.world.pass(milliseconds))
    await this.draw()
  }

  async say(...frames: object[]): Promise<void> {
    this.socket.say(...frames)
    await this.draw()
  }

  /** Answers every subscription that waits with the whole state. */
  async snapshot(jobs: JobSummary[], { position = 'p1', reason = 'fresh' } = {}): Promise<void> {
    const live = { type: 'live', position, resumed: false, reason }
    for (const id of this.joining()) await this.say({ type: 'snapshot', id, jobs }, { ...live, id })
  }

  /** Answers every subscription that waits: nothing was missed but these. */
  async resumed(position: string, ...missed: JobSummary[]): Promise<void> {
    for (const id of this.joining()) {
      for (const each of missed) await this.say({ type: 'update', position, subs: [id], kind: 'changed', job: each })
      await this.say({ type: 'live', id, position, resumed: true })
    }
  }

  async update(position: string, of: JobSummary, kind = 'changed'): Promise<void> {
    await this.say({ type: 'update', position, subs: this.subscriptions(), kind, job: of })
  }

  async settle(position: string, of: JobSummary): Promise<void> {
    await this.update(position, of, 'settled')
  }

  async progress(id: string, rev: number, tick: number, percentage: number): Promise<void> {
    await this.say({ type: 'progress', subs: this.subscriptions(), id, rev, tick, progress: { percentage } })
  }

  /** Numbers of the subscriptions that the newest connection has. */
  subscriptions(): unknown[] {
    if (this.socket.closed) return []
    const gone = this.socket.sent.filter((frame) => frame.type === 'unsubscribe').map((frame) => frame.id)
    return this.socket.subscribes().flatMap(({ id }) => (gone.includes(id) ? [] : [id]))
  }

  /** What the page would keep busy or hold in memory without a screen. */
  leftBehind(): object {
    const { timers } = this.world as unknown as { timers: Map<number, unknown> }
    return {
      sockets: this.world.sockets.filter((socket) => !socket.closed).length,
      topics: this.world.sockets.length ? this.subscriptions().length : 0,
      listeners: [...this.lookers.values()].reduce((sum, lookers) => sum + lookers, 0),
      timers: timers.size,
      frames: this.world.frames.length,
    }
  }

  private joining(): unknown[] {
    const joining = this.subscriptions().filter((id) => !this.answered.has(id))
    for (const id of joining) this.answered.add(id)
    return joining
  }

  /** Counts who listens to the client, whatever the client makes of it. */
  private count(client: Client): void {
    const counted = <Args extends unknown[]>(of: object, begin: (...args: Args) => () => void) => {
      return (...args: Args) => {
        const end = begin(...args)
        const add = (more: number) => this.lookers.set(of, (this.lookers.get(of) ?? 0) + more)
        let looking = true
        add(1)
        return () => {
          if (looking) add(-1)
          looking = false
          end()
        }
      }
    }
    const seen = new WeakSet<object>()
    const view = <Value>(of: View<Value>): View<Value> => {
      if (!seen.has(of)) of.subscribe = counted(of, of.subscribe)
      seen.add(of)
      return of
    }
    const { jobs, onSettled } = client
    view(client.connection)
    view(client.who)
    client.jobs = (of) => view(jobs.call(client, of))
    client.onSettled = counted(client, onSettled.bind(client))
  }
}
