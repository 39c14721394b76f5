/** What the tabs of one browser have in common, played in memory: Web Locks, broadcast channels, storage. */
import type { Channel, Keep, Locks } from '../src/index.js'

type Held = (lock: unknown) => unknown

interface Wanted {
  tab: object
  held: Held
  settle(outcome: unknown): void
  refuse(error: unknown): void
}

/** The lock manager of the Web Locks standard, exclusive locks only. */
class LockTable {
  private readonly holders = new Map<string, Wanted & { stolen: boolean }>()
  private readonly queues = new Map<string, Wanted[]>()

  request(tab: object, name: string, options: Parameters<Locks['request']>[1], held: Held): Promise<unknown> {
    return new Promise((settle, refuse) => {
      const wanted: Wanted = { tab, held, settle, refuse }
      const aborted = () => new DOMException('aborted', 'AbortError')
      if (options.signal?.aborted) return refuse(aborted())
      if (options.steal) {
        const holder = this.holders.get(name)
        this.holders.delete(name)
        if (holder) {
          holder.stolen = true
          holder.refuse(aborted())
        }
        return this.grant(name, wanted)
      }
      if (!this.holders.has(name)) return this.grant(name, wanted)
      if (options.ifAvailable) return settle(held(null))
      const queue = this.queues.get(name) ?? []
      this.queues.set(name, [...queue, wanted])
      options.signal?.addEventListener('abort', () => {
        if (this.take(name, (each) => each === wanted)) refuse(aborted())
      })
    })
  }

  /** A tab is gone: what it held and waited for with it. */
  gone(tab: object): void {
    for (const name of this.queues.keys()) while (this.take(name, (each) => each.tab === tab));
    for (const [name, holder] of [...this.holders]) if (holder.tab === tab) this.release(name, holder)
  }

  names(): string[] {
    return [...this.holders.keys()]
  }

  private take(name: string, which: (wanted: Wanted) => boolean): boolean {
    const queue = this.queues.get(name) ?? []
    const at = queue.findIndex(which)
    if (at >= 0) queue.splice(at, 1)
    return at >= 0
  }

  private grant(name: string, wanted: Wanted): void {
    const holder = { ...wanted, stolen: false }
    this.holders.set(name, holder)
    Promise.resolve()
      .then(() => wanted.held({ name }))
      .then(wanted.settle, wanted.refuse)
      .finally(() => this.release(name, holder))
  }

  private release(name: string, holder: { stolen: boolean }): void {
    if (this.holders.get(name) !== holder) return
    this.holders.delete(name)
    const next = this.queues.get(name)?.shift()
    if (next) this.grant(name, next)
  }
}

export class FakeStorage implements Keep {
  readonly items = new Map<string, string>()
  full = false

  getItem(name: string): string | null {
    return this.items.get(name) ?? null
  }

  setItem(name: string, value: string): void {
    if (this.full) throw new DOMException('full', 'QuotaExceededError')
    this.items.set(name, value)
  }

  removeItem(name: string): void {
    this.items.delete(name)
  }
}

/** A tab tells its own time. */
interface Tab {
  later(run: () => void, milliseconds: number): unknown
}

export class FakeBrowser {
  readonly local = new FakeStorage()
  readonly locks = new LockTable()
  private readonly latencyMs: number | undefined
  private readonly channels = new Set<Channel & { name: string; tab: Tab }>()
  /** Tabs that run no code for now: what reaches them waits. */
  private readonly frozen = new Map<object, { messages: (() => void)[]; locks: (() => void)[] }>()

  /** What tabs say to each other arrives at once, or after this long by the clock of the one who hears it. */
  constructor(latencyMs?: number) {
    this.latencyMs = latencyMs
  }

  locksOf(tab: object): Locks {
    const awake = () => new Promise<void>((then) => this.frozen.get(tab)?.locks.push(then) ?? then())
    return {
      request: (name, options, held) => this.locks.request(tab, name, options, held).finally(awake),
    }
  }

  channelOf(tab: Tab): (name: string) => Channel {
    return (name) => {
      const channels = this.channels
      const channel: Channel & { name: string; tab: Tab } = {
        name,
        tab,
        onmessage: null,
        postMessage: (message) => {
          const copy = structuredClone(message)
          for (const other of channels) {
            if (other === channel || other.name !== name) continue
            const deliver = () => channels.has(other) && other.onmessage?.({ data: copy })
            const waiting = this.frozen.get(other.tab)
            if (waiting) waiting.messages.push(deliver)
            else if (this.latencyMs === undefined) queueMicrotask(deliver)
            else other.tab.later(deliver, this.latencyMs)
          }
        },
        close: () => void channels.delete(channel),
      }
      channels.add(channel)
      return channel
    }
  }

  /** The tab stops without a word, as when its process dies. */
  crash(tab: object): void {
    for (const channel of [...this.channels]) if (channel.tab === tab) this.channels.delete(channel)
    this.locks.gone(tab)
  }

  freeze(tab: object): void {
    this.frozen.set(tab, { messages: [], locks: [] })
  }

  /** It hears what was said meanwhile before it learns that a lock was taken from it. */
  thaw(tab: object): void {
    const { messages, locks } = this.frozen.get(tab) ?? { messages: [], locks: [] }
    this.frozen.delete(tab)
    for (const reach of [...messages, ...locks]) reach()
  }

  get openChannels(): number {
    return this.channels.size
  }
}
