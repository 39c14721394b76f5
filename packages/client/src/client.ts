/**
 * The door of the package: one connection, one view per topic, however many look at it, and the REST verbs.
 * Collaborators: connection, followers, rest.
 */
import { Changes, type Changing, type View } from './changes.js'
import { Connection, type ConnectionState, type Follower, type TokenSource } from './connection.js'
import { browserEnvironment, type Environment } from './environment.js'
import { JobsFollower, type JobsView } from './follow-jobs.js'
import { NewestFollower } from './follow-newest.js'
import { OutputFollower, type OutputView } from './follow-output.js'
import type { FollowerFrame } from './frames.js'
import type { JobsTopic, Stats, Task, Topic } from './records.js'
import { Rest } from './rest.js'

export interface ConnectOptions extends Partial<Environment> {
  /** Where the server stands, without `/api/v1`. Default: the origin of the page. */
  url?: string
  /** Asked at each connection and request; undefined in open mode. */
  token?: TokenSource
}

/** A topic stays followed this long after the last look, so that a change of page does not join anew. */
const LINGER_MS = 1_000

interface Followed {
  follower: Follower & { view: Changing<unknown> }
  view: View<unknown>
  /** Undefined while nobody looks. */
  id: number | undefined
  lookers: number
  lingering: unknown
}

export class Client extends Rest {
  /** The state of the connection. */
  readonly connection: View<ConnectionState>
  private readonly live: Connection
  private readonly changes: Changes
  private readonly followed = new Map<string, Followed>()
  private readonly world: Environment

  constructor(options: ConnectOptions) {
    const world: Environment = { ...browserEnvironment(), ...options }
    const base = (options.url ?? globalThis.location?.origin ?? '').replace(/\/+$/, '')
    const token = options.token ?? (async () => undefined)
    super(base, token, world)
    this.world = world
    this.changes = new Changes(world)
    this.live = new Connection({ address: `${base.replace(/^http/, 'ws')}/api/v1/live`, token }, world, this.changes)
    this.connection = this.live.view
  }

  /** The jobs of a topic. The same object for the same topic. */
  jobs(topic: JobsTopic): View<JobsView> {
    return this.view(topic, () => new JobsFollower(topic, this.changes)) as View<JobsView>
  }

  /** What a job writes, from its start. */
  outputOf(id: string): View<OutputView> {
    return this.view({ output: id }, () => new OutputFollower(id, this.changes)) as View<OutputView>
  }

  /** Counts by status; undefined until the first. */
  counts(): View<Stats | undefined> {
    return this.newest({ stats: true }, (frame) => (frame.type === 'stats' ? frame.stats : undefined))
  }

  /** What can be started; undefined until the first. */
  taskList(): View<readonly Task[] | undefined> {
    return this.newest({ tasks: true }, (frame) => (frame.type === 'tasks' ? frame.tasks : undefined))
  }

  subscribeTopic(topic: JobsTopic, listener: () => void): () => void {
    return this.jobs(topic).subscribe(listener)
  }

  getSnapshot(topic: JobsTopic): JobsView {
    return this.jobs(topic).getSnapshot()
  }

  /** Tries again now: after signing in, or because a person asked for it. */
  reconnect(): void {
    this.live.start()
  }

  /** Ends the connection for good. */
  stop(): void {
    this.live.stop()
  }

  private newest<Value>(topic: Topic, read: (frame: FollowerFrame) => Value | undefined): View<Value | undefined> {
    return this.view(topic, () => new NewestFollower(topic, read, this.changes)) as View<Value | undefined>
  }

  private view(topic: Topic, make: () => Followed['follower']): View<unknown> {
    const key = JSON.stringify(topic)
    let followed = this.followed.get(key)
    if (!followed) {
      const follower = make()
      const entry: Followed = { follower, id: undefined, lookers: 0, lingering: undefined, view: follower.view }
      entry.view = {
        getSnapshot: follower.view.getSnapshot,
        subscribe: (listener) => this.look(key, entry, listener),
      }
      this.followed.set(key, entry)
      followed = entry
    }
    return followed.view
  }

  private look(key: string, followed: Followed, listener: () => void): () => void {
    const end = followed.follower.view.subscribe(listener)
    this.world.clearTimer(followed.lingering)
    followed.lookers++
    // A view that was let go may still be in somebody's hands: it is the topic's view again.
    this.followed.set(key, followed)
    followed.id ??= this.live.follow(followed.follower)
    let looking = true
    return () => {
      if (!looking) return
      looking = false
      end()
      if (--followed.lookers === 0) {
        followed.lingering = this.world.setTimer(() => this.letGo(key, followed), LINGER_MS)
      }
    }
  }

  private letGo(key: string, followed: Followed): void {
    if (followed.id !== undefined) this.live.unfollow(followed.id)
    followed.id = undefined
    followed.follower.empty()
    this.followed.delete(key)
  }
}

/** Nothing is opened before the first topic is looked at. */
export function connect(options: ConnectOptions = {}): Client {
  return new Client(options)
}
