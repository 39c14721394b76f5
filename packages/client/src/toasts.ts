/**
 * A queue of short notes that jobs have ended, each once per browser: a page claims an end when somebody sees the page, so the tab
 * in front tells it, and the others stay silent.
 * Collaborators: the client tells what settled and lets one page claim it; whoever shows the notes subscribes to the queue.
 * It refuses to navigate, to show what another page has claimed, and to show the ends of somebody who has signed out.
 */
import type { View } from './changes.js'
import { claim } from './claims.js'
import type { Client } from './client.js'
import type { JobSummary, JobsTopic } from './records.js'

/** One note: a job that ended, or many that ended at once. */
export interface Toast {
  /** Unique among the toasts of this page. */
  key: string
  /** The one job that it is about; undefined when it counts several. */
  job?: JobSummary
  /** How many jobs it tells of, by the status that they ended with. */
  counts: Readonly<Record<string, number>>
  /** At least one of them failed: it stays until it is dismissed. */
  failed: boolean
}

export interface ToastsOptions {
  /** Whose ends are told. Default: those of the caller. */
  topic?: JobsTopic
  /** How long a toast that tells no failure stays. Default 6,000. */
  stayMs?: number
  /** Toasts at once, at least 2. What is more is told in one sentence. Default 4. */
  most?: number
}

/** What is needed of a `Client`. */
export type ToastsClient = Pick<Client, 'name' | 'environment' | 'onSettled' | 'who'>

/** Ends within this time are claimed and told together. */
const GATHER_MS = 400
/** More ends than this at once are one sentence. */
const NAMED = 2
/** Ends that wait for the page to be seen; the oldest give way. */
const MOST_WAITING = 1_000
/** What is left to a toast when the pointer leaves it, at least. */
const LEAST_MS = 1_500

const FAILURES: ReadonlySet<string> = new Set(['failed', 'timed_out', 'lost'])

interface Leaving {
  leftMs: number
  timer?: unknown
  since: number
}

/**
 * The toasts of a page, as a view: it works from the first `subscribe` to the end of the last.
 *
 * @example
 * const toasts = new Toasts(client)
 * const end = toasts.subscribe(() => show(toasts.getSnapshot()))
 */
export class Toasts implements View<readonly Toast[]> {
  private toasts: readonly Toast[] = []
  private readonly listeners = new Set<() => void>()
  private readonly leaving = new Map<string, Leaving>()
  private readonly waiting = new Map<string, JobSummary>()
  private gathering: unknown
  private held = false
  private lastKey = 0
  private identity: string | undefined
  /** Grows when the identity changes or the last listener goes: what was claimed before is not shown after. */
  private life = 0
  private endings: (() => void)[] = []
  private readonly topic: JobsTopic
  private readonly stayMs: number
  private readonly most: number

  constructor(
    private readonly client: ToastsClient,
    { topic = { owner: 'me' }, stayMs = 6_000, most = 4 }: ToastsOptions = {},
  ) {
    this.topic = topic
    this.stayMs = stayMs
    this.most = Math.max(2, most)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener()
    this.listeners.add(own)
    if (this.listeners.size === 1) this.start()
    return () => {
      if (this.listeners.delete(own) && this.listeners.size === 0) this.stop()
    }
  }

  /** Oldest first. The same object until the listeners are told. */
  readonly getSnapshot = (): readonly Toast[] => this.toasts

  /** Takes a toast away; one that is not there any more is no error. */
  dismiss(key: string): void {
    this.stopLeaving(key)
    if (this.toasts.some((toast) => toast.key === key)) this.show(this.toasts.filter((toast) => toast.key !== key))
  }

  /** Nothing leaves by itself while somebody points at the toasts or has the focus in them. */
  hold(): void {
    this.held = true
    this.time()
  }

  release(): void {
    this.held = false
    this.time()
  }

  private start(): void {
    const { environment, who } = this.client
    this.identity = identityOf(who.getSnapshot())
    this.endings = [
      this.client.onSettled(this.topic, (job) => this.add(job)),
      who.subscribe(() => this.lookWho()),
      environment.onPage({ wake: () => this.seen(), hide: () => this.time() }),
    ]
  }

  private stop(): void {
    for (const end of this.endings) end()
    this.endings = []
    this.held = false
    this.forget()
  }

  private forget(): void {
    this.life++
    this.waiting.clear()
    this.client.environment.clearTimer(this.gathering)
    this.gathering = undefined
    for (const key of [...this.leaving.keys()]) this.stopLeaving(key)
    if (this.toasts.length > 0) this.show([])
  }

  private lookWho(): void {
    const identity = identityOf(this.client.who.getSnapshot())
    if (this.identity !== undefined && identity !== this.identity) this.forget()
    this.identity = identity
  }

  private add(job: JobSummary): void {
    this.waiting.set(`toast:${job.id}:${job.settlement ?? 1}`, job)
    if (this.waiting.size > MOST_WAITING) this.waiting.delete(this.waiting.keys().next().value as string)
    this.gather()
  }

  private seen(): void {
    this.time()
    if (this.waiting.size > 0) this.gather()
  }

  private gather(): void {
    const { environment } = this.client
    if (this.gathering !== undefined || !environment.visible()) return
    this.gathering = environment.setTimer(() => {
      this.gathering = undefined
      if (environment.visible()) void this.claim()
    }, GATHER_MS)
  }

  private async claim(): Promise<void> {
    const { life } = this
    const ends = [...this.waiting]
    this.waiting.clear()
    const claimed = await Promise.all(ends.map(([key]) => claim(this.client, key)))
    if (life !== this.life) return
    const ours = ends.filter((_, place) => claimed[place]).map(([, job]) => job)
    if (ours.length === 0) return
    const fresh = ours.length > NAMED ? [this.toastOf(ours)] : ours.map((job) => this.toastOf([job]))
    for (const toast of fresh) {
      if (!toast.failed) this.leaving.set(toast.key, { leftMs: this.stayMs, since: 0 })
    }
    this.show(this.fit([...this.toasts, ...fresh]))
    this.time()
  }

  private toastOf(jobs: readonly JobSummary[]): Toast {
    const counts: Record<string, number> = {}
    for (const { status } of jobs) counts[status] = (counts[status] ?? 0) + 1
    const one = jobs.length === 1 ? { job: jobs[0] } : {}
    return { key: `${++this.lastKey}`, ...one, counts, failed: jobs.some(({ status }) => FAILURES.has(status)) }
  }

  /** The oldest become one, so that none is lost and no more than `most` are there. */
  private fit(toasts: readonly Toast[]): readonly Toast[] {
    const over = toasts.length - this.most
    if (over <= 0) return toasts
    const [first, ...others] = toasts.slice(0, over + 1)
    const counts = { ...first.counts }
    for (const toast of others) {
      for (const [status, count] of Object.entries(toast.counts)) counts[status] = (counts[status] ?? 0) + count
      this.stopLeaving(toast.key)
    }
    const failed = first.failed || others.some((toast) => toast.failed)
    if (failed) this.stopLeaving(first.key)
    return [{ key: first.key, counts, failed }, ...toasts.slice(over + 1)]
  }

  private stopLeaving(key: string): void {
    this.client.environment.clearTimer(this.leaving.get(key)?.timer)
    this.leaving.delete(key)
  }

  /** Lets the time of each toast run, or stops it while it is held or nobody sees the page. */
  private time(): void {
    const { environment } = this.client
    const now = environment.now()
    const stopped = this.held || !environment.visible()
    for (const [key, leaving] of this.leaving) {
      if (stopped === (leaving.timer === undefined)) continue
      if (stopped) {
        environment.clearTimer(leaving.timer)
        leaving.timer = undefined
        leaving.leftMs = Math.max(LEAST_MS, leaving.leftMs - (now - leaving.since))
      } else {
        leaving.since = now
        leaving.timer = environment.setTimer(() => this.leave(key, leaving), leaving.leftMs)
      }
    }
  }

  private leave(key: string, leaving: Leaving): void {
    if (this.client.environment.visible()) {
      this.dismiss(key)
      return
    }
    // Nobody saw its last moment: it has another when the page is shown.
    leaving.timer = undefined
    leaving.leftMs = LEAST_MS
  }

  private show(toasts: readonly Toast[]): void {
    this.toasts = toasts
    for (const listener of [...this.listeners]) listener()
  }
}

function identityOf(who: { subject: string; tenant: string } | undefined): string | undefined {
  return who && JSON.stringify([who.tenant, who.subject])
}
