/**
 * One socket to the server, kept alive: authenticates first, joins each followed topic from where it stood, watches the heartbeat, and
 * comes back by the rules of the close code.
 * Collaborators: followers take the frames, `closing` says what an end means, the environment gives clock, timers and socket.
 * It refuses to look into a position, and to reconnect after a code that says to give up until `start` is called.
 */
import { type Changes, Changing } from './changes.js'
import { backoffMs, closingOf } from './closing.js'
import type { Environment, Socket } from './environment.js'
import type { ClientFrame, FollowerFrame, ServerFrame } from './frames.js'
import type { Topic } from './records.js'

export interface ConnectionState {
  /**
   * `connecting` until the first join, `live`, `catchingUp` after a reconnect until every topic is live again, `offline` between
   * connections, `stopped` when only a person can help.
   */
  state: 'connecting' | 'live' | 'catchingUp' | 'offline' | 'stopped'
  /** Milliseconds since 1970 at which this state was entered. */
  since: number
  /** When the next try starts; absent while one is under way. */
  retryAt?: number
  /** Name of the close code, or why there is no connection. */
  reason?: string
}

/** Somebody who keeps what a topic sends. */
export interface Follower {
  readonly topic: Topic
  /** Where to go on from, for a topic with a cursor of its own. */
  cursor?(): string | undefined
  join(resuming: boolean): void
  receive(frame: FollowerFrame): void
  /** Let go of everything that was received. */
  empty(): void
}

interface Subscription {
  id: number
  follower: Follower
  live: boolean
  /** Position at which it went live. */
  position?: string
  /** Positions the connection had been sent when it went live. */
  joinedAfter: number
}

export interface ConnectionOptions {
  /** `ws:` or `wss:` address of the live route. */
  address: string
  token: TokenSource
}

/**
 * Undefined in open mode. `refused` is true when the server no longer takes the last one: a cached one is of no use then.
 * A rejection counts as a failed try.
 */
export type TokenSource = (refused: boolean) => Promise<string | undefined>

/** Without a `hello` by then the try has failed. */
const HELLO_MS = 10_000
/** An answer to the `ping` after waking must come by then. */
const PONG_MS = 5_000
/** Silence longer than this many heartbeats is a dead connection. */
const HEARTBEATS_MISSED = 2.5
/** A connection that was live this long clears the count of failures. */
const STEADY_MS = 10_000
/** A token is renewed this long before it ends, but no sooner than `REFRESH_LEAST_MS` from now. */
const REFRESH_AHEAD_MS = 30_000
const REFRESH_LEAST_MS = 10_000
const LONGEST_TIMER_MS = 2_000_000_000

export class Connection {
  readonly view: Changing<ConnectionState>
  private state: ConnectionState
  private socket: Socket | undefined
  private readonly subscriptions = new Map<number, Subscription>()
  private lastId = 0
  private epoch: string | undefined
  private authenticated = false
  /** Subscriptions that a new connection began with and that are not live yet. */
  private joining = new Set<number>()
  private position: string | undefined
  /** Positions sent on this connection. */
  private positions = 0
  private heartbeatMs = HELLO_MS / HEARTBEATS_MISSED
  private silentUntil = 0
  private failures = 0
  private goingAwayMs: number | undefined
  private everLive = false
  private started = false
  /** The last token was refused. */
  private refused = false
  private silenceTimer: unknown
  private retryTimer: unknown
  private refreshTimer: unknown
  private endWake: (() => void) | undefined

  constructor(
    private readonly options: ConnectionOptions,
    private readonly environment: Environment,
    changes: Changes,
  ) {
    this.state = { state: 'connecting', since: environment.now() }
    this.view = new Changing(changes, () => this.state)
  }

  /** Connects, or tries again at once after `stopped` or between two tries. */
  start(): void {
    if (this.socket) return
    this.started = true
    this.endWake ??= this.environment.onWake(() => this.wake())
    this.failures = 0
    this.open()
  }

  /** Ends the connection for good; `start` begins anew. */
  stop(): void {
    this.started = false
    this.endWake?.()
    this.endWake = undefined
    this.drop()
    this.enter({ state: 'stopped', reason: 'stopped' })
  }

  follow(follower: Follower): number {
    const subscription: Subscription = { id: ++this.lastId, follower, live: false, joinedAfter: 0 }
    this.subscriptions.set(subscription.id, subscription)
    if (this.authenticated) this.join(subscription)
    else if (!this.started) this.start()
    return subscription.id
  }

  unfollow(id: number): void {
    if (!this.subscriptions.delete(id)) return
    if (this.authenticated) this.send({ type: 'unsubscribe', id })
    this.joined(id)
  }

  private open(): void {
    const { WebSocket } = this.environment
    this.environment.clearTimer(this.retryTimer)
    if (!WebSocket) {
      this.enter({ state: 'stopped', reason: 'no_websocket' })
      return
    }
    let socket: Socket
    try {
      socket = new WebSocket(this.options.address)
    } catch {
      this.enter({ state: 'stopped', reason: 'bad_address' })
      return
    }
    this.socket = socket
    this.goingAwayMs = undefined
    if (this.state.state === 'offline') this.enter({ state: 'offline', since: this.state.since })
    else this.enter({ state: this.everLive ? 'offline' : 'connecting' })
    this.heartbeatMs = HELLO_MS / HEARTBEATS_MISSED
    this.heard()
    socket.onmessage = (event) => {
      if (socket !== this.socket || typeof event.data !== 'string') return
      this.heard()
      this.receive(JSON.parse(event.data) as ServerFrame)
    }
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code)
    }
    socket.onopen = () => void this.authenticate(socket)
    socket.onerror = null
  }

  private async authenticate(socket: Socket): Promise<void> {
    try {
      const token = await this.options.token(this.refused)
      if (socket === this.socket) this.send(token === undefined ? { type: 'auth' } : { type: 'auth', token })
    } catch {
      if (socket === this.socket) this.closed(1006, 'no_token')
    }
  }

  private receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'hello':
        this.heartbeatMs = frame.heartbeatMs
        this.heard()
        if (this.epoch !== undefined && this.epoch !== frame.epoch) this.forget()
        this.epoch = frame.epoch
        return
      case 'authenticated':
        this.refused = false
        this.refreshBefore(frame.expiresAt)
        if (!this.authenticated) this.joinAll()
        return
      case 'heartbeat':
        if (frame.position) this.passed(frame.position)
        return
      case 'goingAway':
        this.goingAwayMs = frame.retryInMs
        return
      case 'snapshot':
      case 'live':
      case 'error':
        this.receiveOne(frame)
        return
      case 'update':
      case 'left':
      case 'progress':
      case 'output':
      case 'stats':
      case 'tasks':
        this.receiveMany(frame)
        return
    }
  }

  private receiveOne(frame: FollowerFrame & { id?: number | string }): void {
    const subscription = this.subscriptions.get(frame.id as number)
    if (!subscription) return
    subscription.follower.receive(frame)
    subscription.live = frame.type === 'live'
    if (frame.type === 'live') {
      subscription.position = frame.position
      subscription.joinedAfter = this.positions
    }
    if (frame.type !== 'snapshot') this.joined(subscription.id)
  }

  private receiveMany(frame: FollowerFrame & { subs: number[]; position?: string }): void {
    let live = false
    for (const id of frame.subs) {
      const subscription = this.subscriptions.get(id)
      if (!subscription) continue
      live ||= subscription.live
      subscription.follower.receive(frame)
    }
    // An update that catches up one subscription says nothing about the others.
    if (live && frame.position) this.passed(frame.position)
  }

  private passed(position: string): void {
    this.position = position
    this.positions++
  }

  private joinAll(): void {
    this.authenticated = true
    this.joining = new Set(this.subscriptions.keys())
    if (this.joining.size && this.everLive) this.enter({ state: 'catchingUp' })
    for (const subscription of this.subscriptions.values()) this.join(subscription)
    this.joined(0)
  }

  private join(subscription: Subscription): void {
    const { id, follower } = subscription
    const after = follower.cursor ? follower.cursor() : subscription.position
    subscription.live = false
    follower.join(after !== undefined)
    this.send({ type: 'subscribe', id, topic: follower.topic, ...(after !== undefined && { after }) })
  }

  private joined(id: number): void {
    this.joining.delete(id)
    if (!this.authenticated || this.joining.size || this.state.state === 'live') return
    this.everLive = true
    this.enter({ state: 'live' })
  }

  private closed(code: number, reason?: string): void {
    const closing = closingOf(code)
    const { now, random, setTimer } = this.environment
    const steady = this.state.state === 'live' && now() - this.state.since >= STEADY_MS
    if (steady) this.failures = 0
    const retryInMs = this.goingAwayMs
    this.drop()
    this.refused = closing.next === 'refresh' || code === 4200
    if (closing.forget) this.forget()
    if (closing.empty) {
      this.forget()
      for (const { follower } of this.subscriptions.values()) follower.empty()
    }
    if (closing.next === 'stop') {
      this.enter({ state: 'stopped', reason: closing.reason })
      return
    }
    // The first refresh needs no wait; one that did not help waits like any failure.
    const atOnce = closing.next === 'refresh' && this.failures === 0
    const delay = retryInMs ?? (atOnce ? 0 : backoffMs(this.failures, random()))
    this.failures++
    const since = this.state.state === 'offline' ? this.state.since : now()
    this.enter({ state: 'offline', since, retryAt: now() + delay, reason: reason ?? closing.reason })
    this.retryTimer = setTimer(() => this.open(), delay)
  }

  /** Lets go of the socket and remembers what each subscription may go on from. */
  private drop(): void {
    const { socket, environment } = this
    this.socket = undefined
    this.authenticated = false
    this.joining.clear()
    environment.clearTimer(this.silenceTimer)
    this.silenceTimer = undefined
    environment.clearTimer(this.refreshTimer)
    environment.clearTimer(this.retryTimer)
    for (const subscription of this.subscriptions.values()) {
      if (subscription.live && this.positions > subscription.joinedAfter) subscription.position = this.position
      subscription.live = false
      subscription.joinedAfter = 0
    }
    this.positions = 0
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {}
    socket.close()
  }

  /** The log is another one: join from nothing. What is shown stays until its replacement is here. */
  private forget(): void {
    for (const subscription of this.subscriptions.values()) {
      subscription.position = undefined
      if (subscription.follower.cursor) subscription.follower.empty()
    }
  }

  /** Renews the rights in place before they end. */
  private refreshBefore(expiresAt: string | undefined): void {
    const { clearTimer, setTimer, now } = this.environment
    clearTimer(this.refreshTimer)
    if (expiresAt === undefined) return
    const wait = Math.max(REFRESH_LEAST_MS, Date.parse(expiresAt) - now() - REFRESH_AHEAD_MS)
    this.refreshTimer = setTimer(
      () => {
        this.refused = true
        if (this.socket) void this.authenticate(this.socket)
      },
      Math.min(wait, LONGEST_TIMER_MS),
    )
  }

  private heard(): void {
    this.silentUntil = this.environment.now() + this.heartbeatMs * HEARTBEATS_MISSED
    if (this.silenceTimer === undefined) this.watchSilence()
  }

  /** One timer that moves itself on, so that a frame costs no timer. */
  private watchSilence(): void {
    const { now, setTimer } = this.environment
    const left = this.silentUntil - now()
    if (left <= 0) {
      this.silenceTimer = undefined
      this.closed(1006, 'silence')
      return
    }
    this.silenceTimer = setTimer(() => this.watchSilence(), left)
  }

  private wake(): void {
    if (!this.started) return
    if (this.state.retryAt !== undefined) {
      this.open()
    } else if (this.authenticated) {
      this.silentUntil = Math.min(this.silentUntil, this.environment.now() + PONG_MS)
      this.environment.clearTimer(this.silenceTimer)
      this.watchSilence()
      if (this.socket) this.send({ type: 'ping' })
    }
  }

  private send(frame: ClientFrame): void {
    this.socket?.send(JSON.stringify(frame))
  }

  private enter(state: Omit<ConnectionState, 'since'> & { since?: number }): void {
    this.state = { ...state, since: state.since ?? this.environment.now() }
    this.view.touch()
  }
}
