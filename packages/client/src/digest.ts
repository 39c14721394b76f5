/**
 * While you were away: the caller's jobs that run now, and those that ended since somebody last looked in this browser.
 * Collaborators: client (the jobs of `{ owner: 'me' }`, who is there), the browser's storage, the other tabs. It refuses to show anything
 * while nobody is signed in, and to go by the clock of this browser: where somebody stopped looking is a time that the server wrote.
 */
import type { View } from './changes.js'
import type { Client } from './client.js'
import type { Channel } from './environment.js'
import type { ShownJob } from './expectations.js'
import { read, write } from './storage.js'
import { isOver } from './task-state.js'

/** The same object until something changes. */
export interface DigestState {
  /** Active now, newest first. */
  running: readonly ShownJob[]
  /**
   * Ended since somebody last looked before this page was loaded, latest end first. They stay after `read`, so that a list that is open
   * does not empty itself. The first `unread` of them were not seen yet.
   */
  settled: readonly ShownJob[]
  unread: number
  /** False until the first jobs were received. */
  ready: boolean
}

/** Before anything was received, and what a server renders. */
export const EMPTY_DIGEST: DigestState = { running: [], settled: [], unread: 0, ready: false }

/** Up to where somebody has looked. */
interface Mark {
  /** The latest end that was seen, RFC 3339; empty when there was none. */
  at: string
  /** `id:settlement` of those that ended at just that time. */
  ids: string[]
}

const MINE = { owner: 'me' } as const

/**
 * Kept per browser and user, in the browser's storage: other devices do not know of it. Without storage it lasts as long as the page. A
 * browser that asks for the first time has seen all that ended before.
 *
 * @example
 * const digest = digestOf(tidings)
 * const end = digest.view.subscribe(() => showBadge(digest.view.getSnapshot().unread))
 * button.onclick = () => digest.read()
 */
export class Digest {
  readonly view: View<DigestState>
  private state = EMPTY_DIGEST
  private readonly listeners = new Set<() => void>()
  private endLooking: (() => void)[] = []
  private channel: Channel | undefined
  private whose: string | undefined
  /** As of the begin of this visit. */
  private before: Mark | undefined
  private seen: Mark | undefined

  constructor(private readonly client: Client) {
    this.view = { subscribe: (listener) => this.subscribe(listener), getSnapshot: () => this.state }
  }

  /** All that is shown now has been seen, in every tab of this browser. It needs no `this`. */
  readonly read = (): void => {
    if (!this.state.unread) return
    this.write(markAt(this.state.settled))
    this.channel?.postMessage('read')
    this.look()
  }

  private subscribe(listener: () => void): () => void {
    const own = () => listener()
    this.listeners.add(own)
    if (this.listeners.size === 1) this.begin()
    return () => {
      if (!this.listeners.delete(own) || this.listeners.size) return
      for (const end of this.endLooking) end()
      this.channel?.close()
      this.channel = undefined
      // Whoever looks next may be somebody else.
      this.state = EMPTY_DIGEST
    }
  }

  private begin(): void {
    const look = () => this.look()
    this.endLooking = [this.client.who.subscribe(look), this.client.jobs(MINE).subscribe(look)]
    this.channel = this.client.environment.channel?.(`${this.client.name} digest`)
    if (this.channel) this.channel.onmessage = look
    this.look()
  }

  private look(): void {
    const state = this.build()
    if (state === this.state) return
    this.state = state
    for (const listener of [...this.listeners]) listener()
  }

  private build(): DigestState {
    const who = this.client.who.getSnapshot()
    const { jobs, ready } = this.client.jobs(MINE).getSnapshot()
    const whose = who && `${this.client.name} digest ${JSON.stringify([who.tenant, who.subject])}`
    if (whose !== this.whose) this.before = this.seen = undefined
    this.whose = whose
    if (!whose || !ready) return EMPTY_DIGEST
    const ended = jobs.filter(isOver).sort(latestFirst)
    // Another tab may have read it; without storage, only this one knows.
    this.seen = read<Mark>(this.client.environment.local, whose) ?? this.seen
    if (!this.seen) this.write(markAt(ended))
    this.before ??= this.seen
    const settled = ended.filter((job) => isAfter(this.before, job))
    const unread = settled.filter((job) => isAfter(this.seen, job)).length
    return { running: jobs.filter((job) => !isOver(job)), settled, unread, ready }
  }

  private write(mark: Mark): void {
    this.seen = mark
    if (this.whose) write(this.client.environment.local, this.whose, mark)
  }
}

const digests = new WeakMap<Client, Digest>()

/** The digest of this client: the same one for every part of a page, so that what is read in one is read in all. */
export function digestOf(client: Client): Digest {
  let digest = digests.get(client)
  if (!digest) {
    digest = new Digest(client)
    digests.set(client, digest)
  }
  return digest
}

function keyOf({ id, settlement }: ShownJob): string {
  return `${id}:${settlement || 1}`
}

function latestFirst(one: ShownJob, other: ShownJob): number {
  const [here, there] = [one.endedAt ?? '', other.endedAt ?? '']
  return here < there ? 1 : here > there ? -1 : 0
}

/** `ended` has the latest end first. */
function markAt(ended: readonly ShownJob[]): Mark {
  const at = ended[0]?.endedAt ?? ''
  return { at, ids: ended.filter((job) => (job.endedAt ?? '') === at).map(keyOf) }
}

function isAfter(mark: Mark | undefined, job: ShownJob): boolean {
  const at = job.endedAt ?? ''
  return mark === undefined || at > mark.at || (at === mark.at && !mark.ids.includes(keyOf(job)))
}
