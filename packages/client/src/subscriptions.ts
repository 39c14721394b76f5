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

interface Subscription {
  id: number
  follower: Follower
  live: boolean
  /** Position at which it went live, or that its state was kept with. */
  position: string | undefined
  /** Positions the connection had been sent when it went live. */
  joinedAfter: number
}

export class Subscriptions {
  readonly #all = new Map<number, Subscription>()
  #lastId = 0
  /** Those that a new connection began with and that are not live yet. */
  #joining = new Set<number>()
  #position: string | undefined
  /** Positions sent on this connection. */
  #positions = 0

  readonly #send: (frame: ClientFrame) => void

  /** `send` reaches the server; it is called only between `joinAll` and `drop`. */
  constructor(send: (frame: ClientFrame) => void) {
    this.#send = send
  }

  get size(): number {
    return this.#all.size
  }

  /** Whether every subscription of the start has its state. */
  get settled(): boolean {
    return this.#joining.size === 0
  }

  add(follower: Follower, position?: string): number {
    const id = ++this.#lastId
    this.#all.set(id, { id, follower, live: false, position, joinedAfter: 0 })
    return id
  }

  remove(id: number): boolean {
    this.#joining.delete(id)
    return this.#all.delete(id)
  }

  join(id: number): void {
    const subscription = this.#all.get(id)
    if (!subscription) return
    const { follower } = subscription
    const after = follower.cursor ? follower.cursor() : subscription.position
    subscription.live = false
    follower.join(after !== undefined)
    this.#send({ type: 'subscribe', id, topic: follower.topic, after })
  }

  joinAll(): void {
    this.#joining = new Set(this.#all.keys())
    for (const id of this.#all.keys()) this.join(id)
  }

  /** Gives kept state its place to go on from. */
  resumeAt(id: number, position: string): void {
    const subscription = this.#all.get(id)
    if (subscription) subscription.position = position
  }

  /** Where the state of a subscription stands, if the connection is closed and it may be gone on from. */
  positionOf(id: number): string | undefined {
    return this.#all.get(id)?.position
  }

  receive(frame: FollowerFrame): void {
    if ('subs' in frame) this.#receiveMany(frame)
    else this.#receiveOne(frame)
  }

  /** All at or below this position that the live subscriptions may see has been received. */
  passed(position: string): void {
    this.#position = position
    this.#positions++
  }

  /** The connection is gone: remembers what each subscription may go on from. */
  drop(): void {
    for (const subscription of this.#all.values()) {
      if (subscription.live && this.#positions > subscription.joinedAfter) subscription.position = this.#position
      if (subscription.live && subscription.position) subscription.follower.reached?.(subscription.position)
      subscription.live = false
      subscription.joinedAfter = 0
    }
    this.#positions = 0
    this.#joining.clear()
  }

  /** The log is another one: join from nothing. What is shown stays until its replacement is here. */
  forget(): void {
    for (const subscription of this.#all.values()) {
      subscription.position = undefined
      if (subscription.follower.cursor) subscription.follower.empty()
    }
  }

  /** What is held is no longer for whoever is there. */
  empty(): void {
    for (const subscription of this.#all.values()) {
      subscription.position = undefined
      subscription.follower.empty()
    }
  }

  #receiveOne(frame: FollowerFrame & { id?: number | string }): void {
    const subscription = this.#all.get(frame.id as number)
    if (!subscription) return
    subscription.follower.receive(frame)
    subscription.live = frame.type === 'live'
    if (frame.type === 'live') {
      subscription.position = frame.position ?? undefined
      subscription.joinedAfter = this.#positions
    }
    if (frame.type !== 'snapshot') this.#joining.delete(subscription.id)
  }

  #receiveMany(frame: FollowerFrame & { subs: number[] }): void {
    let live = false
    for (const id of frame.subs) {
      const subscription = this.#all.get(id)
      if (!subscription) continue
      live ||= subscription.live
      subscription.follower.receive(frame)
    }
    // An update that catches up one subscription says nothing about the others.
    if (live && 'position' in frame && frame.position) this.passed(frame.position)
  }
}
