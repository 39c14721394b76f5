/**
 * What one connection follows, and from where each subscription goes on: its own position until it is live, then that of the connection.
 * Collaborators: connection drives it, followers keep what a topic sends. It refuses to look into a position.
 */
import type { ClientFrame, FollowerFrame } from './frames.js'
import type { Topic } from './records.js'

/** Somebody who keeps what a topic sends. */
export interface Follower {
  readonly topic: Topic
  /** Where to go on from, for a topic with a cursor of its own. */
  cursor?(): string | undefined
  /** All up to here was received; told when a connection ends. */
  reached?(position: string): void
  join(resuming: boolean): void
  receive(frame: FollowerFrame): void
  /** Let go of everything that was received. */
  empty(): void
}

/** Frames for one subscription; a newer server may send others. */
const ONE = new Set(['snapshot', 'live', 'error'])

interface Subscription {
  id: number
  follower: Follower
  live: boolean
  /** Position at which it went live, or that its state was kept with. */
  position: string | undefined
  /** Positions the connection had been sent when it went live. */
  joinedAfter: number
}

export interface Subscriptions {
  readonly size: number
  /** Whether every subscription of the start has its state. */
  readonly settled: boolean
  add(follower: Follower, position?: string): number
  remove(id: number): boolean
  join(id: number): void
  joinAll(): void
  /** Gives kept state its place to go on from. */
  resumeAt(id: number, position: string): void
  /** Where the state of a subscription stands, if the connection is closed and it may be gone on from. */
  positionOf(id: number): string | undefined
  receive(frame: FollowerFrame): void
  /** All at or below this position that the live subscriptions may see has been received. */
  passed(position: string): void
  /** The connection is gone: remembers what each subscription may go on from. */
  drop(): void
  /** The log is another one: join from nothing. What is shown stays until its replacement is here. */
  forget(): void
  /** What is held is no longer for whoever is there. */
  empty(): void
}

/** `send` reaches the server; it is called only between `joinAll` and `drop`. */
export function subscriptionsOf(send: (frame: ClientFrame) => void): Subscriptions {
  const all = new Map<number, Subscription>()
  let lastId = 0
  /** Those that a new connection began with and that are not live yet. */
  let joining = new Set<number>()
  let position: string | undefined
  /** Positions sent on this connection. */
  let positions = 0

  const join = (id: number) => {
    const subscription = all.get(id)
    if (!subscription) return
    const { follower } = subscription
    const after = follower.cursor ? follower.cursor() : subscription.position
    subscription.live = false
    follower.join(after !== undefined)
    send({ type: 'subscribe', id, topic: follower.topic, after })
  }

  const passed = (newest: string) => {
    position = newest
    positions++
  }

  const receiveOne = (frame: FollowerFrame & { id?: number | string }) => {
    const subscription = all.get(frame.id as number)
    if (!subscription || !ONE.has(frame.type)) return
    subscription.follower.receive(frame)
    subscription.live = frame.type === 'live'
    if (frame.type === 'live') {
      subscription.position = frame.position
      subscription.joinedAfter = positions
    }
    if (frame.type !== 'snapshot') joining.delete(subscription.id)
  }

  const receiveMany = (frame: FollowerFrame & { subs: number[] }) => {
    let live = false
    for (const id of frame.subs) {
      const subscription = all.get(id)
      if (!subscription) continue
      live ||= subscription.live
      subscription.follower.receive(frame)
    }
    // An update that catches up one subscription says nothing about the others.
    if (live && 'position' in frame && frame.position) passed(frame.position)
  }

  return {
    get size() {
      return all.size
    },
    get settled() {
      return !joining.size
    },
    add: (follower, position) => {
      all.set(++lastId, { id: lastId, follower, live: false, position, joinedAfter: 0 })
      return lastId
    },
    remove: (id) => {
      joining.delete(id)
      return all.delete(id)
    },
    join,
    joinAll: () => {
      joining = new Set(all.keys())
      for (const id of joining) join(id)
    },
    resumeAt: (id, position) => {
      const subscription = all.get(id)
      if (subscription) subscription.position = position
    },
    positionOf: (id) => all.get(id)?.position,
    receive: (frame) => {
      if ('subs' in frame) receiveMany(frame)
      else receiveOne(frame)
    },
    passed,
    drop: () => {
      for (const subscription of all.values()) {
        if (subscription.live && positions > subscription.joinedAfter) subscription.position = position
        if (subscription.live && subscription.position) subscription.follower.reached?.(subscription.position)
        subscription.live = false
        subscription.joinedAfter = 0
      }
      positions = 0
      joining.clear()
    },
    forget: () => {
      for (const subscription of all.values()) {
        subscription.position = undefined
        if (subscription.follower.cursor) subscription.follower.empty()
      }
    },
    empty: () => {
      for (const subscription of all.values()) {
        subscription.position = undefined
        subscription.live = false
        subscription.follower.empty()
      }
    },
  }
}
