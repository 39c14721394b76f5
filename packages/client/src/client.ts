/**
 * The door of the package: one connection, one view per topic, however many look at it, the ends of jobs, and the REST verbs.
 * Collaborators: connection, followers, rest, what is kept over a reload.
 */
import { Changes, Changing, type View } from './changes.js'
import { type Connection, type ConnectionState, connection, type Principal, type TokenSource } from './connection.js'
import { browserEnvironment, type Environment } from './environment.js'
import { Expectations } from './expectations.js'
import { JobsFollower, type JobsView, type KeptJobs } from './follow-jobs.js'
import { ladder } from './ladder.js'
import { sharedLink } from './link/shared.js'
import { Marks } from './marks.js'
import type { JobSummary, JobsTopic, Verb } from './records.js'
import { Rest } from './rest.js'
import { type Settled, SettledFollower } from './settled.js'
import { read, write } from './storage.js'
import type { Follower } from './subscriptions.js'
import { WhoAmI } from './whoami.js'

export interface ConnectOptions extends Partial<Environment> {
  /** Where the server stands, without `/api/v1`. Default: the origin of the page. */
  url?: string
  /** Asked at each connection and request; undefined in open mode, and where a cookie says who is there. */
  token?: TokenSource
  /** One connection for all tabs of the browser, where it has Web Locks and `BroadcastChannel`. Default: true. */
  share?: boolean
  /** Logs the connection and all frames to the console. Default: whether `localStorage['tidings.debug']` is `1`. */
  debug?: boolean
}

/** A topic stays followed this long after the last look, so that a change of page does not join anew. */
const LINGER_MS = 1_000
/** State of the former load that nobody has asked for by then is let go. */
const KEPT_MS = 10_000

/** What survives a reload of the tab: state and the position that belongs to it, for the user whose it is. */
interface Kept {
  user: string
  topics: Record<string, KeptJobs & { position: string }>
}

interface Followed {
  follower: Follower & { view?: Changing<unknown> }
  shown: View<unknown>
  view: View<unknown>
  /** Undefined while nobody looks. */
  id: number | undefined
  lookers: number
  lingering: unknown
}

const NOBODY: View<undefined> = { subscribe: () => () => {}, getSnapshot: () => undefined }

export class Client extends Rest {
  /** Whether what is shown is true now. */
  readonly connection: View<ConnectionState>
  /** Who is there; undefined until it is known, and while nobody is signed in. */
  readonly who: View<Principal | undefined>
  /** Clock, timers, storage and network, for the parts that are built on this client. */
  readonly environment: Environment
  /** Begins the name of everything that this client keeps or shares in the browser. */
  readonly name: string
  readonly #live: Connection
  readonly #changes: Changes
  readonly #expectations = new Expectations()
  readonly #followed = new Map<string, Followed>()
  readonly #marks: Marks
  readonly #principal: Changing<Principal | undefined>
  #present: Principal | undefined
  #user = ''
  #kept: Kept | undefined

  constructor(options: ConnectOptions) {
    const world: Environment = { ...browserEnvironment(), ...options }
    const base = (options.url ?? globalThis.location?.origin ?? '').replace(/\/+$/, '')
    const token = options.token ?? (async () => undefined)
    const whoami = new WhoAmI(world, base)
    super(whoami, token, world)
    this.environment = world
    this.name = `tidings ${base}`
    this.#changes = new Changes(world)
    this.#principal = new Changing(this.#changes, () => this.#present)
    this.who = this.#principal
    this.#marks = new Marks(world, () => this.#present && `${this.name} settled ${this.#user}`)
    this.#kept = read(world.session, this.name)
    write(world.session, this.name, undefined)
    if (this.#kept) world.setTimer(() => (this.#kept = undefined), KEPT_MS)

    const log = (options.debug ?? !!read(world.local, 'tidings.debug')) ? logged : undefined
    const edge = ladder(world, base, whoami, log)
    const { locks, channel } = world
    const shared =
      options.share !== false && locks && channel
        ? sharedLink({ ...world, locks, channel }, this.name, whoami, edge)
        : undefined
    this.#live = connection(
      {
        open: shared?.open ?? edge,
        leave: () => shared?.leave(),
        token,
        known: (...who) => this.#known(...who),
        emptied: () => this.#emptied(),
        hidden: () => this.#hidden(),
        log,
      },
      world,
      this.#changes,
    )
    this.connection = this.#live.view
  }

  /** The jobs of a topic. The same object for the same topic. */
  jobs(topic: JobsTopic): View<JobsView> {
    const make = () => new JobsFollower(topic, this.#changes, this.#expectations)
    return this.view(JSON.stringify(topic), make) as View<JobsView>
  }

  /**
   * Tells of every kind of end that a job of the topic reaches, once for each settlement in every tab that asks; also of those reached while
   * the page was closed, since the topic was live in this browser for the first time. A topic of one job tells also of an end that it had reached
   * before, when this tab asks for the first time.
   * Returns what ends it.
   *
   * @example
   * const end = tidings.onSettled({ task: 'report' }, (job) => console.log(job.id, job.status))
   */
  onSettled(topic: JobsTopic, told: Settled): () => void {
    const key = `settled ${JSON.stringify(topic)}`
    this.view(key, () => new SettledFollower(topic, this.#marks))
    const followed = this.#followed.get(key) as Followed
    const unlisten = (followed.follower as SettledFollower).listen(told)
    const unlook = this.#look(key, followed, () => {})
    return () => {
      unlisten()
      unlook()
    }
  }

  /**
   * Asks a verb. Views show at once what is expected of it; when the server refuses, that is taken back, and the promise rejects with the
   * server's reason as a `TidingsProblem`. Answers the job as of now, with its wish when it was only asked; `delete` answers nothing.
   */
  override async ask(id: string, verb: Verb): Promise<JobSummary | undefined> {
    const takeBack = this.#expectations.expect(id, verb)
    this.#touchJobs()
    try {
      const job = await super.ask(id, verb)
      for (const follower of this.#jobsFollowers()) {
        if (verb === 'delete') follower.removed(id)
        else if (job) follower.answered(job)
      }
      return job
    } finally {
      takeBack()
      this.#touchJobs()
    }
  }

  /** Tries again now: after signing in, or because a person asked for it. */
  reconnect(): void {
    this.#live.start()
  }

  /** Somebody else signed in, or nobody is there any more: nothing of the former user is shown from now on, and the token is asked for anew. */
  identityChanged(): void {
    this.#live.begin()
  }

  /** Ends the connection, until `reconnect()` or the next look at a topic that was not looked at. */
  stop(): void {
    this.#live.stop()
  }

  /** The view that `make` makes for a topic of its own kind, the same for the same key: what the other entries of this package are built on. */
  view(key: string, make: (changes: Changes) => Followed['follower']): View<unknown> {
    const known = this.#followed.get(key)
    if (known) return known.view
    const follower = make(this.#changes)
    const shown: View<unknown> = follower.view ?? NOBODY
    const followed: Followed = { follower, shown, id: undefined, lookers: 0, lingering: undefined, view: shown }
    // A view that was let go may still be in somebody's hands: it is then that of the topic's newest follower.
    const newest = () => this.#followed.get(key) ?? followed
    followed.view = {
      getSnapshot: () => newest().shown.getSnapshot(),
      subscribe: (listener) => this.#look(key, newest(), listener),
    }
    this.#followed.set(key, followed)
    this.#linger(key, followed)
    return followed.view
  }

  #look(key: string, followed: Followed, listener: () => void): () => void {
    const { follower } = followed
    const end = follower.view?.subscribe(listener)
    this.environment.clearTimer(followed.lingering)
    followed.lookers++
    this.#followed.set(key, followed)
    if (followed.id === undefined) followed.id = this.#live.follow(follower, this.#restored(key, follower))
    let looking = true
    return () => {
      if (!looking) return
      looking = false
      end?.()
      if (--followed.lookers === 0) this.#linger(key, followed)
    }
  }

  #linger(key: string, followed: Followed): void {
    followed.lingering = this.environment.setTimer(() => this.#letGo(key, followed), LINGER_MS)
  }

  #letGo(key: string, followed: Followed): void {
    this.environment.clearTimer(followed.lingering)
    if (followed.id !== undefined) this.#live.unfollow(followed.id)
    followed.id = undefined
    followed.follower.empty()
    this.#followed.delete(key)
  }

  #known(principal: Principal, user: string): void {
    this.#present = principal
    this.#user = user
    this.#principal.touch()
    for (const [key, { follower, id }] of this.#followed) {
      const position =
        id === undefined || this.#live.subscriptions.positionOf(id) ? undefined : this.#restored(key, follower)
      if (position) this.#live.subscriptions.resumeAt(id as number, position)
    }
  }

  /** Gives a follower the state of the former load, and answers the position that belongs to it. */
  #restored(key: string, follower: Follower): string | undefined {
    if (!this.#present || this.#kept?.user !== this.#user || !(follower instanceof JobsFollower)) return undefined
    const kept = this.#kept.topics[key]
    if (!kept) return undefined
    delete this.#kept.topics[key]
    follower.restore(kept)
    return kept.position
  }

  #hidden(): void {
    this.#marks.save()
    const topics: Kept['topics'] = {}
    for (const [key, { follower, id }] of this.#followed) {
      const kept = follower instanceof JobsFollower ? follower.kept() : undefined
      const position = id === undefined ? undefined : this.#live.subscriptions.positionOf(id)
      if (kept && position) topics[key] = { ...kept, position }
    }
    // Left before it was known who is there: what was kept waits for the next load.
    write(this.environment.session, this.name, this.#present ? { user: this.#user, topics } : this.#kept)
  }

  #emptied(): void {
    this.#marks.save()
    this.#present = this.#kept = undefined
    this.#marks.forget()
    this.#expectations.clear()
    write(this.environment.session, this.name, undefined)
    this.#principal.touch()
    // Not at the next picture: a part of the page that is drawn before it would still be given the former user's jobs.
    this.#changes.tell()
  }

  #touchJobs(): void {
    for (const follower of this.#jobsFollowers()) follower.view.touch()
  }

  #jobsFollowers(): JobsFollower[] {
    return [...this.#followed.values()].map(({ follower }) => follower).filter((each) => each instanceof JobsFollower)
  }
}

function logged(...what: unknown[]): void {
  console.debug('[tidings]', ...what)
}

/**
 * A client of the server. Nothing is opened before the first topic is looked at.
 *
 * @example
 * const tidings = connect({ token: async (refused) => myToken(refused) })
 * const mine = tidings.jobs({ owner: 'me' })
 * mine.subscribe(() => console.log(mine.getSnapshot().jobs))
 */
export function connect(options: ConnectOptions = {}): Client {
  return new Client(options)
}
