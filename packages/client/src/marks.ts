/**
 * How far the ends of each topic were told, by user: kept for this tab, and for those that come after all are closed.
 * Collaborators: `settled` moves the marks; the tab's and the browser's storage. It refuses to grow: topics that were not asked of for long
 * are forgotten.
 */
import type { Environment } from './environment.js'
import { read, write } from './storage.js'

export interface Mark {
  position: string
  /** When the newest end that was told was reached, by the server's clock: tells what is new when the log no longer holds the position. */
  at: string
  /** `id:settlement` of the newest ends that were told. */
  seen: string[]
}

type All = Record<string, Mark>

const TOPICS = 100
/** Marks that move one after the other are written together. */
const GATHER_MS = 250

export class Marks {
  #held: All = {}
  readonly #moved = new Set<string>()
  #timer: unknown

  readonly #world: Pick<Environment, 'session' | 'local' | 'setTimer' | 'clearTimer'>
  readonly #name: () => string | undefined

  /** `name` is that of the stored marks of whoever is there now. */
  constructor(
    world: Pick<Environment, 'session' | 'local' | 'setTimer' | 'clearTimer'>,
    name: () => string | undefined,
  ) {
    this.#world = world
    this.#name = name
  }

  /** This tab's own first: it knows what happened while it was loaded anew. */
  get(topic: string): Mark | undefined {
    // Of one job each tab asks for itself.
    const common = topic.startsWith('{"job"') ? {} : this.#all('local')
    return this.#held[topic] ?? this.#all('session')[topic] ?? common[topic]
  }

  set(topic: string, mark: Mark): void {
    this.#held[topic] = mark
    this.#moved.add(topic)
    this.#timer ??= this.#world.setTimer(() => this.save(), GATHER_MS)
  }

  save(): void {
    this.#world.clearTimer(this.#timer)
    this.#timer = undefined
    const name = this.#name()
    if (name && this.#moved.size) for (const store of ['session', 'local'] as const) this.#write(store, name)
    this.#moved.clear()
  }

  /** They belong to somebody who is not there any more; what was written stays. */
  forget(): void {
    this.#held = {}
    this.#moved.clear()
  }

  #all(store: 'session' | 'local'): All {
    return read<All>(this.#world[store], this.#name() ?? '') ?? {}
  }

  #write(store: 'session' | 'local', name: string): void {
    // Those that moved now come last, and so are forgotten last.
    const all = this.#all(store)
    const rest = Object.entries(all).filter(([topic]) => !this.#moved.has(topic))
    // A tab that is behind does not put back what another told.
    const moved = [...this.#moved]
      .map((topic): [string, Mark] => [topic, this.#held[topic]])
      .map(([topic, mark]): [string, Mark] => [topic, (all[topic]?.at ?? '') > mark.at ? all[topic] : mark])
    write(this.#world[store], name, Object.fromEntries([...rest, ...moved].slice(-TOPICS)))
  }
}
