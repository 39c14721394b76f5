/**
 * The connection to the server, kept alive: authenticates first, joins each followed topic from where it stood, watches the heartbeat, and
 * comes back by the rules of the close code.
 * Collaborators: subscriptions, the link, `closing`; the client is told who is there. It refuses to reconnect after a code that says to
 * give up until `start` is called, and to keep anything of one user when another is there.
 */
import { type Changes, Changing } from './changes.js'
import { backoffMs, closingOf, LOST, REJOIN } from './closing.js'
import type { Environment } from './environment.js'
import type { ClientFrame, ServerFrame } from './frames.js'
import { HEARTBEATS_MISSED, PONG_MS } from './leader.js'
import type { Link, OpenLink } from './link.js'
import type { Me } from './records.js'
import { type Follower, Subscriptions } from './subscriptions.js'

/** Who is there, as the server sees it. */
export type Principal = Pick<Me, 'subject' | 'tenant' | 'scopes' | 'tenantWide'>

/** Whether what is shown is true now. */
export interface ConnectionState {
  /**
   * `idle` while nothing is followed, `connecting` until the first join, `live`, `catchingUp` after a reconnect until every topic is live
   * again, `offline` between connections, `stopped` when only a person can help.
   */
  state: 'idle' | 'connecting' | 'live' | 'catchingUp' | 'offline' | 'stopped'
  /** Milliseconds since 1970 at which this state was entered. */
  since: number
  /** When the next try starts; absent while one is under way. */
  retryAt?: number
  /** Name of the close code, or why there is no connection. */
  reason?: string
}

/**
 * Undefined in open mode, and where a cookie says who is there. `refused` is true when the server no longer takes the last one: a cached one
 * is of no use then. A rejection counts as a failed try.
 */
export type TokenSource = (refused: boolean) => Promise<string | undefined>

export interface ConnectionOptions {
  open: OpenLink
  /** Called when the connection is not needed for now. */
  leave(): void
  token: TokenSource
  /** Before the first join as this user; what was held of another is gone. */
  known(principal: Principal, user: string): void
  /** Nobody is there, or somebody else: nothing that was held may be shown. */
  emptied(): void
  /** The page stands still; every position is known. */
  hidden(): void
  log: ((...what: unknown[]) => void) | undefined
}

/** Without a `hello` by then the try has failed. */
const HELLO_MS = 10_000
/** A connection that was live this long clears the count of failures. */
const STEADY_MS = 10_000
/** A token is renewed this long before it ends, but no sooner than `REFRESH_LEAST_MS` from now. */
const REFRESH_AHEAD_MS = 30_000
/** Tabs that share a connection do not renew at the same moment: the first to do so does it for all. */
const REFRESH_SPREAD_MS = 5_000
const REFRESH_LEAST_MS = 10_000
const LONGEST_TIMER_MS = 2_000_000_000

export class Connection {
  readonly view: Changing<ConnectionState>
  readonly subscriptions = new Subscriptions((frame) => this.#send(frame))
  #state: ConnectionState
  #link: Link | undefined
  /** Counts tries, so that what belongs to a former one is known. */
  #turn = 0
  #token: string | undefined
  #user: string | undefined
  #epoch: string | undefined
  #authenticated = false
  #heartbeatMs = 0
  #silentUntil = 0
  #failures = 0
  #goingAwayMs: number | undefined
  #everLive = false
  #started = false
  /** The last token was refused. */
  #refused = false
  #silenceTimer: unknown
  #retryTimer: unknown
  #refreshTimer: unknown
  #endPage: (() => void) | undefined

  readonly #options: ConnectionOptions
  readonly #world: Environment

  constructor(options: ConnectionOptions, world: Environment, changes: Changes) {
    this.#options = options
    this.#world = world
    this.#state = { state: 'idle', since: world.now() }
    this.view = new Changing(changes, () => this.#state)
  }

  /** Connects, or tries again at once after `stopped` or between two tries. */
  start(): void {
    if (this.#link) return
    this.#started = true
    this.#endPage ??= this.#world.onPage({ wake: () => this.#wake(), hide: () => this.#hide() })
    this.#failures = 0
    void this.#open()
  }

  /** Ends the connection; `start` begins anew. */
  stop(state: 'idle' | 'stopped' = 'stopped'): void {
    this.#started = this.#everLive = false
    this.#endPage?.()
    this.#endPage = undefined
    this.#drop()
    this.#options.leave()
    this.#enter(state === 'idle' ? { state } : { state, reason: 'stopped' })
  }

  follow(follower: Follower, position?: string): number {
    const id = this.subscriptions.add(follower, position)
    if (this.#authenticated) this.subscriptions.join(id)
    else if (!this.#started) this.start()
    return id
  }

  unfollow(id: number): void {
    if (!this.subscriptions.remove(id)) return
    if (this.subscriptions.size === 0 && this.#state.state !== 'stopped') {
      this.stop('idle')
      return
    }
    if (this.#authenticated) this.#send({ type: 'unsubscribe', id })
    this.#joined()
  }

  /** Whoever is there may be somebody else: lets go of everything, at once, and asks anew. */
  begin(): void {
    this.#empty()
    this.#refused = true
    this.#drop()
    if (this.#started) this.start()
  }

  async #open(token?: { value: string | undefined }): Promise<void> {
    const turn = ++this.#turn
    this.#world.clearTimer(this.#retryTimer)
    this.#goingAwayMs = undefined
    if (!token)
      this.#enter(this.#state.state === 'offline' ? { state: 'offline', since: this.#state.since } : this.#trying())
    try {
      this.#token = token ? token.value : await this.#options.token(this.#refused)
    } catch {
      if (turn === this.#turn) this.#closed(LOST, 'no_token')
      return
    }
    if (turn !== this.#turn) return
    this.#heartbeatMs = HELLO_MS / HEARTBEATS_MISSED
    this.#heard()
    this.#link = this.#options.open(
      {
        opened: () => this.#authenticate(),
        received: (frame) => {
          this.#heard()
          this.#options.log?.('received', frame)
          this.#receive(frame)
        },
        closed: (code, reason) => this.#closed(code, reason),
      },
      this.#token,
    )
  }

  #trying(): Pick<ConnectionState, 'state'> {
    return { state: this.#everLive ? 'offline' : 'connecting' }
  }

  #authenticate(): void {
    this.#heard()
    this.#send({ type: 'auth', token: this.#token })
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#heartbeatMs = frame.heartbeatMs
        this.#heard()
        if (this.#epoch !== undefined && this.#epoch !== frame.epoch) this.subscriptions.forget()
        this.#epoch = frame.epoch
        return
      case 'authenticated':
        this.#admitted(frame)
        return
      case 'heartbeat':
        if (frame.position) this.subscriptions.passed(frame.position)
        return
      case 'goingAway':
        this.#goingAwayMs = frame.retryInMs
        return
      case 'unsubscribed':
      case 'pong':
        return
      default:
        this.subscriptions.receive(frame)
        this.#joined()
    }
  }

  #admitted({ principal, expiresAt }: ServerFrame & { type: 'authenticated' }): void {
    this.#refused = false
    this.#refreshBefore(expiresAt ?? undefined)
    const user = principal && JSON.stringify([principal.tenant, principal.subject, principal.tenantWide ?? false])
    const another = user !== undefined && this.#user !== undefined && this.#user !== user
    if (another) this.#empty()
    this.#user = user ?? this.#user
    if (user) this.#options.known(principal as Principal, user)
    // What was joined as somebody else has to be joined again.
    if (another && this.#authenticated) this.#closed(REJOIN)
    else if (!this.#authenticated) this.#joinAll()
  }

  #joinAll(): void {
    this.#authenticated = true
    if (this.#everLive && this.subscriptions.size) this.#enter({ state: 'catchingUp' })
    this.subscriptions.joinAll()
    this.#joined()
  }

  #joined(): void {
    if (!this.#authenticated || !this.subscriptions.settled || this.#state.state === 'live') return
    this.#everLive = true
    this.#enter({ state: 'live' })
  }

  #closed(code: number, reason?: string): void {
    const closing = closingOf(code)
    const { now, random, setTimer } = this.#world
    if (this.#state.state === 'live' && now() - this.#state.since >= STEADY_MS) this.#failures = 0
    const retryInMs = this.#goingAwayMs
    this.#drop()
    if (closing.forget) this.subscriptions.forget()
    if (closing.empty) this.#empty()
    if (closing.next === 'rejoin') {
      void this.#open({ value: this.#token })
      return
    }
    this.#refused = closing.next === 'refresh' || closing.reason === 'unauthenticated'
    if (closing.next === 'stop') {
      this.#enter({ state: 'stopped', reason: reason ?? closing.reason })
      return
    }
    // The first refresh needs no wait; one that did not help waits like any failure.
    const atOnce = closing.next === 'refresh' && this.#failures === 0
    const delay = retryInMs ?? (atOnce ? 0 : backoffMs(this.#failures, random()))
    this.#failures++
    const since = this.#state.state === 'offline' ? this.#state.since : now()
    this.#enter({ state: 'offline', since, retryAt: now() + delay, reason: reason ?? closing.reason })
    this.#retryTimer = setTimer(() => void this.#open(), delay)
  }

  /** Lets go of the link and remembers what each subscription may go on from. */
  #drop(): void {
    const link = this.#link
    const world = this.#world
    this.#turn++
    this.#link = undefined
    this.#authenticated = false
    world.clearTimer(this.#silenceTimer)
    this.#silenceTimer = undefined
    world.clearTimer(this.#refreshTimer)
    world.clearTimer(this.#retryTimer)
    this.subscriptions.drop()
    link?.close()
  }

  #empty(): void {
    this.#user = undefined
    this.subscriptions.empty()
    this.#options.emptied()
  }

  /** Renews the rights in place before they end. */
  #refreshBefore(expiresAt: string | undefined): void {
    const { clearTimer, setTimer, now, random } = this.#world
    clearTimer(this.#refreshTimer)
    if (expiresAt === undefined) return
    const ahead = REFRESH_AHEAD_MS + random() * REFRESH_SPREAD_MS
    const wait = Math.max(REFRESH_LEAST_MS, Date.parse(expiresAt) - now() - ahead)
    this.#refreshTimer = setTimer(() => void this.#refresh(), Math.min(wait, LONGEST_TIMER_MS))
  }

  async #refresh(): Promise<void> {
    const turn = this.#turn
    try {
      const token = await this.#options.token(true)
      if (turn !== this.#turn) return
      this.#token = token
      this.#authenticate()
    } catch {
      // The server ends the connection when the rights do; then it is tried again.
    }
  }

  #heard(): void {
    this.#silentUntil = this.#world.now() + this.#heartbeatMs * HEARTBEATS_MISSED
    if (this.#silenceTimer === undefined) this.#watchSilence()
  }

  /** One timer that moves itself on, so that a frame costs no timer. */
  #watchSilence(): void {
    const left = this.#silentUntil - this.#world.now()
    if (left <= 0) {
      this.#silenceTimer = undefined
      this.#closed(LOST, 'silence')
      return
    }
    this.#silenceTimer = this.#world.setTimer(() => this.#watchSilence(), left)
  }

  #wake(): void {
    if (!this.#started) return
    if (this.#state.retryAt !== undefined) {
      void this.#open()
    } else if (this.#authenticated) {
      this.#silentUntil = Math.min(this.#silentUntil, this.#world.now() + PONG_MS)
      this.#world.clearTimer(this.#silenceTimer)
      this.#watchSilence()
      this.#send({ type: 'ping' })
    }
  }

  /** The page stands still: leaves in order, so that another tab may lead; `wake` comes back at once. */
  #hide(): void {
    if (!this.#link && this.#state.retryAt === undefined) return
    const { now } = this.#world
    this.#drop()
    this.#options.leave()
    this.#options.hidden()
    this.#enter({ state: 'offline', since: now(), retryAt: now(), reason: 'hidden' })
  }

  #send(frame: ClientFrame): void {
    this.#options.log?.('sent', frame.type === 'auth' ? { type: 'auth' } : frame)
    this.#link?.send(frame)
  }

  #enter(state: Omit<ConnectionState, 'since'> & { since?: number }): void {
    this.#state = { ...state, since: state.since ?? this.#world.now() }
    this.#options.log?.('connection', this.#state)
    this.view.touch()
  }
}
