/**
 * Tells listeners that what they look at has changed, at most once a frame.
 * Collaborators: every view. It refuses to tell a listener twice in a frame, however much happened.
 */
import type { Environment } from './environment.js'

/** What a framework binding needs: React's `useSyncExternalStore` takes both functions as they are. */
export interface View<Value> {
  subscribe(listener: () => void): () => void
  /** The same object until the listeners are told. */
  getSnapshot(): Value
}

/** A value that is rebuilt just before its listeners are told. */
export class Changing<Value> implements View<Value> {
  readonly #listeners = new Set<() => void>()
  #stale = false
  #value: Value

  readonly #changes: Changes
  readonly #build: () => Value

  constructor(changes: Changes, build: () => Value) {
    this.#changes = changes
    this.#build = build
    this.#value = build()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener()
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  readonly getSnapshot = (): Value => this.#value

  touch(): void {
    if (this.#stale) return
    this.#stale = true
    this.#changes.add(this)
  }

  /** Called by `Changes` once a frame. */
  rebuild(): ReadonlySet<() => void> {
    this.#stale = false
    this.#value = this.#build()
    return this.#listeners
  }
}

export class Changes {
  #waiting: Changing<unknown>[] = []

  readonly #environment: Pick<Environment, 'frame'>

  constructor(environment: Pick<Environment, 'frame'>) {
    this.#environment = environment
  }

  add(changed: Changing<unknown>): void {
    if (this.#waiting.push(changed) === 1) this.#environment.frame(() => this.tell())
  }

  /** At once, where waiting for a picture would show what may not be seen any more. */
  tell(): void {
    const changed = this.#waiting
    this.#waiting = []
    const told = changed.map((each) => each.rebuild())
    for (const listeners of told) for (const listener of [...listeners]) safely(listener)
  }
}

/** One who cannot be told must not keep the others from it; the page hears of the fault as of any other. */
export function safely(tell: () => void): void {
  try {
    tell()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
