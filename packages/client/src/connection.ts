/**
 * The connection to the server, kept alive: authenticates first, joins each followed topic from where it stood, watches the heartbeat, and
 * comes back by the rules of the close code.
 * Collaborators: subscriptions, the link, `closing`; the client is told who is there. It refuses to reconnect after a code that says to
 * give up until `start` is called, and to keep anything of one user when another is there.
 */
import { type Changes, Changing, type View } from './changes.js'
import { backoffMs, closingOf, LOST, REJOIN } from './closing.js'
import type { Environment } from './environment.js'
import type { ClientFrame, ServerFrame } from './frames.js'
import { HEARTBEAT_MS, HEARTBEATS_MISSED, PONG_MS } from './leader.js'
import type { Link, OpenLink } from './link.js'
import type { Me } from './records.js'
import { type Follower, type Subscriptions, subscriptionsOf } from './subscriptions.js'

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
 * Undefined in open mode, and where a cookie says who is there. `refused` is true when the last one was refused, is about to end, or may be
 * somebody else's: one that was kept is of no use then. A rejection counts as a failed try.
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

export interface Connection {
  readonly view: View<ConnectionState>
  readonly subscriptions: Subscriptions
  /** Connects, or tries again at once after `stopped` or between two tries. */
  start(): void
  /** Ends the connection; `start` begins anew. */
  stop(): void
  follow(follower: Follower, position?: string): number
  unfollow(id: number): void
  /** Whoever is there may be somebody else: lets go of everything, at once, and asks anew. */
  begin(): void
}

export function connection(options: ConnectionOptions, world: Environment, changes: Changes): Connection {
  const { now, random, setTimer, clearTimer } = world
  const { log } = options
  const send = (frame: ClientFrame) => {
    log?.('sent', frame.type === 'auth' ? { type: 'auth' } : frame)
    link?.send(frame)
  }
  const subscriptions = subscriptionsOf(send)
  let state: ConnectionState = { state: 'idle', since: now() }
  let link: Link | undefined
  /** Counts tries, so that what belongs to a former one is known. */
  let turn = 0
  let token: string | undefined
  let user: string | undefined
  let epoch: string | undefined
  let authenticated = false
  let heartbeatMs = HEARTBEAT_MS
  let silentUntil = 0
  let failures = 0
  let goingAwayMs: number | undefined
  let everLive = false
  let started = false
  /** The last token is of no use any more. */
  let refused = false
  let silenceTimer: unknown
  let retryTimer: unknown
  let refreshTimer: unknown
  let endPage: (() => void) | undefined
  const view = new Changing(changes, () => state)

  const enter = (next: Omit<ConnectionState, 'since'> & { since?: number }) => {
    state = { ...next, since: next.since ?? now() }
    log?.('connection', state)
    view.touch()
  }

  const start = () => {
    if (link || !subscriptions.size) return
    started = true
    endPage ??= world.onPage({ wake, hide })
    failures = 0
    void open()
  }

  const end = () => {
    started = everLive = false
    endPage?.()
    endPage = undefined
    drop()
    options.leave()
  }

  /** With the token that it has, for a rejoin. */
  const open = async (rejoins = false) => {
    const own = ++turn
    clearTimer(retryTimer)
    goingAwayMs = undefined
    if (!rejoins) {
      if (state.state === 'offline') enter({ state: 'offline', since: state.since })
      else enter({ state: everLive ? 'offline' : 'connecting' })
      try {
        token = await options.token(refused)
      } catch {
        if (own === turn) closed(LOST, 'no_token')
        return
      }
      if (own !== turn) return
    }
    heartbeatMs = HEARTBEAT_MS
    heard(HELLO_MS)
    link = options.open(
      {
        opened: authenticate,
        received: (frame) => {
          heard()
          log?.('received', frame)
          receive(frame)
        },
        closed,
      },
      token,
    )
  }

  const authenticate = () => {
    heard(HELLO_MS)
    send({ type: 'auth', token })
  }

  const receive = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'hello':
        heartbeatMs = frame.heartbeatMs
        heard()
        if (epoch !== undefined && epoch !== frame.epoch) subscriptions.forget()
        epoch = frame.epoch
        return
      case 'authenticated':
        admitted(frame)
        return
      case 'heartbeat':
        if (frame.position) subscriptions.passed(frame.position)
        return
      case 'goingAway':
        goingAwayMs = frame.retryInMs
        return
      case 'unsubscribed':
      case 'pong':
        return
      default:
        subscriptions.receive(frame)
        joined()
    }
  }

  const admitted = ({ principal, expiresAt }: ServerFrame & { type: 'authenticated' }) => {
    refused = false
    refreshBefore(expiresAt)
    const present = principal && JSON.stringify([principal.tenant, principal.subject, principal.tenantWide ?? false])
    const another = present !== undefined && user !== undefined && user !== present
    const own = turn
    if (another) empty()
    // Whoever was told may have stopped it.
    if (own !== turn) return
    user = present ?? user
    if (present) options.known(principal as Principal, present)
    // What was joined as somebody else has to be joined again.
    if (another && authenticated) closed(REJOIN)
    else if (!authenticated) joinAll()
  }

  const joinAll = () => {
    authenticated = true
    if (everLive && subscriptions.size) enter({ state: 'catchingUp' })
    subscriptions.joinAll()
    joined()
  }

  const joined = () => {
    if (!authenticated || !subscriptions.settled || state.state === 'live') return
    everLive = true
    enter({ state: 'live' })
  }

  const closed = (code: number, why?: string) => {
    const closing = closingOf(code)
    if (state.state === 'live' && now() - state.since >= STEADY_MS) failures = 0
    const retryInMs = goingAwayMs
    drop()
    if (closing.forget) subscriptions.forget()
    if (closing.next === 'rejoin') {
      void open(true)
      return
    }
    const reason = why ?? closing.reason
    refused = closing.next === 'refresh' || closing.reason === 'unauthenticated'
    if (closing.next === 'stop') {
      options.leave()
      enter({ state: 'stopped', reason })
    } else {
      // The first refresh needs no wait; one that did not help waits like any failure.
      const atOnce = closing.next === 'refresh' && failures === 0
      const delay = retryInMs ?? (atOnce ? 0 : Math.round(backoffMs(failures, random())))
      failures++
      const since = state.state === 'offline' ? state.since : now()
      enter({ state: 'offline', since, retryAt: now() + delay, reason })
      retryTimer = setTimer(() => void open(), delay)
    }
    if (closing.empty) empty()
  }

  /** Lets go of the link and remembers what each subscription may go on from. */
  const drop = () => {
    const ending = link
    turn++
    link = undefined
    authenticated = false
    for (const timer of [silenceTimer, refreshTimer, retryTimer]) clearTimer(timer)
    silenceTimer = undefined
    subscriptions.drop()
    ending?.close()
  }

  const empty = () => {
    user = undefined
    subscriptions.empty()
    options.emptied()
  }

  /** Renews the rights in place before they end. */
  const refreshBefore = (expiresAt: string | undefined) => {
    clearTimer(refreshTimer)
    if (!expiresAt) return
    const ahead = REFRESH_AHEAD_MS + random() * REFRESH_SPREAD_MS
    const wait = Math.max(REFRESH_LEAST_MS, Date.parse(expiresAt) - now() - ahead)
    refreshTimer = setTimer(refresh, Math.min(wait, LONGEST_TIMER_MS))
  }

  const refresh = async () => {
    const own = turn
    try {
      const renewed = await options.token(true)
      if (own !== turn) return
      token = renewed
      authenticate()
    } catch {
      // The server ends the connection when the rights do; then it is tried again.
    }
  }

  const heard = (withinMs = heartbeatMs * HEARTBEATS_MISSED) => {
    silentUntil = now() + withinMs
    if (silenceTimer === undefined) watchSilence()
  }

  /** One timer that moves itself on, so that a frame costs no timer. */
  const watchSilence = () => {
    const left = silentUntil - now()
    if (left > 0) {
      silenceTimer = setTimer(watchSilence, left)
      return
    }
    silenceTimer = undefined
    closed(LOST, 'silence')
  }

  const wake = () => {
    if (!started) return
    if (state.state !== 'stopped' && !link) {
      void open()
    } else if (authenticated) {
      silentUntil = Math.min(silentUntil, now() + PONG_MS)
      clearTimer(silenceTimer)
      watchSilence()
      send({ type: 'ping' })
    }
  }

  /** The page stands still: leaves in order, so that another tab may lead; `wake` comes back at once. */
  const hide = () => {
    drop()
    options.leave()
    options.hidden()
    if (state.state !== 'stopped') enter({ state: 'offline', retryAt: now(), reason: 'hidden' })
  }

  return {
    view,
    subscriptions,
    start,
    stop: () => {
      end()
      enter({ state: 'stopped', reason: 'stopped' })
    },
    follow: (follower, position) => {
      const id = subscriptions.add(follower, position)
      if (authenticated) subscriptions.join(id)
      else if (!started) start()
      return id
    },
    unfollow: (id) => {
      if (!subscriptions.remove(id)) return
      if (!subscriptions.size) {
        end()
        if (state.state !== 'stopped') enter({ state: 'idle' })
        return
      }
      if (authenticated) send({ type: 'unsubscribe', id })
      joined()
    },
    begin: () => {
      drop()
      empty()
      refused = true
      if (started) start()
    },
  }
}
