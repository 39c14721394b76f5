/**
 * Feeds a store with the tasks of whoever is signed in: one feed for a client and a store, however many components ask for it.
 * Collaborators: the view of the caller's jobs, whose rules say what is newest; `output-reader`; the store. It refuses to leave anything of
 * one user there for another, and an older output over a newer one.
 */
import { type Client, hasEnded, type Job, type ShownJob } from '@tidings/client'
import { OutputReader } from './output-reader.js'
import { changed, fieldsOf, isMirrored, outputOf, taskIdOf } from './task-of.js'
import type { ConnectionStatus, Task, TaskSlice } from './task-store.js'

/** What is needed of a store: any that holds the slice. */
export interface FedStore {
  getState(): TaskSlice
}

const MINE = { owner: 'me' } as const

const STATUS: Record<string, ConnectionStatus> = {
  idle: 'connecting',
  connecting: 'connecting',
  live: 'connected',
  catchingUp: 'reconnecting',
  offline: 'reconnecting',
  stopped: 'disconnected',
}

interface Fed {
  job: ShownJob
  output: string | undefined
  /** Revision that the output is of; 0 while none was read. */
  outputRev: number
}

export class TaskFeed {
  /** By task id: what the store was told last. */
  private readonly fed = new Map<string, Fed>()
  private readonly outputs: OutputReader
  /** The first list of whoever is there has come: an end that is told from now on is news. */
  private hasList = false
  private users = 0
  private whose: string | undefined
  private ends: (() => void)[] = []

  constructor(
    private readonly client: Client,
    private readonly store: FedStore,
  ) {
    this.outputs = new OutputReader(client, (record) => this.takeOutput(record))
    client.who.subscribe(() => this.checkWho())
    this.checkWho()
  }

  /** Feeds until the last user is gone; returns what ends this use. */
  use(): () => void {
    this.users++
    this.start()
    return () => {
      if (--this.users === 0) this.stop()
    }
  }

  /** What is held stays, and the status says that it is not followed. Others who follow through the client are not touched. */
  readonly stop = (): void => {
    for (const end of this.ends.splice(0)) end()
    this.outputs.stop()
    this.store.getState().setConnectionStatus('disconnected')
  }

  /** Feeds again after `stop`; else tries at once if there is no connection. */
  readonly reconnect = (): void => {
    if (this.ends.length) this.client.reconnect()
    else if (this.users > 0) this.start()
  }

  private start(): void {
    if (this.ends.length) return
    const { connection } = this.client
    const jobs = this.client.jobs(MINE)
    this.ends = [jobs.subscribe(() => this.show()), connection.subscribe(() => this.say())]
    this.outputs.start()
    this.show()
    this.say()
  }

  private say(): void {
    const { state, reason } = this.client.connection.getSnapshot()
    const error = state === 'offline' || state === 'stopped' ? (reason ?? null) : null
    this.store.getState().setConnectionStatus(STATUS[state], error)
  }

  private show(): void {
    const { jobs, ready } = this.client.jobs(MINE).getSnapshot()
    if (!ready) return
    const here = new Set<string>()
    const news: Task[] = []
    for (const job of jobs) {
      const id = taskIdOf(job)
      // Newest first: an older job of the same name is history.
      if (here.has(id)) continue
      here.add(id)
      const before = this.fed.get(id)
      if (before?.job !== job) news.push(this.take(id, before, job))
    }
    const gone = [...this.fed.keys()].filter((id) => !here.has(id))
    for (const id of gone) this.drop(id)
    this.hasList = true
    const state = this.store.getState()
    if (gone.length) state.removeTasks(gone)
    if (news.length) state.replaceTasks(news)
  }

  private take(id: string, before: Fed | undefined, job: ShownJob): Task {
    const same = before?.job.id === job.id ? before : undefined
    if (!same) this.drop(id)
    const isNews = job.rev > Math.max(same?.job.rev ?? 0, same?.outputRev ?? 0)
    if (isNews && this.mayTell(job)) this.outputs.want(job)
    // What its source said last holds until it says otherwise.
    const keeps = isMirrored(job) || same?.job.settlement === job.settlement
    const { output, outputRev } = keeps && same ? same : { output: undefined, outputRev: 0 }
    return this.put(id, before, { job, output, outputRev })
  }

  /** Whether this revision may bring an output. What had ended before anybody looked is not read. */
  private mayTell(job: ShownJob): boolean {
    if (hasEnded(job.status) && !this.hasList) return false
    return isMirrored(job) || job.status === 'completed'
  }

  private put(id: string, before: Fed | undefined, now: Fed): Task {
    this.fed.set(id, now)
    const held = this.store.getState().tasks[id]
    return changed(held, before ? fieldsOf(before.job, before.output) : {}, fieldsOf(now.job, now.output), id)
  }

  private drop(id: string): void {
    const fed = this.fed.get(id)
    if (fed) this.outputs.forget(fed.job.id)
    this.fed.delete(id)
  }

  private takeOutput(record: Job): void {
    const id = taskIdOf(record)
    const before = this.fed.get(id)
    // It was retried, deleted, or something newer was read.
    if (!before || before.job.id !== record.id || before.job.settlement !== record.settlement) return
    if (record.rev < before.outputRev) return
    const now = { ...before, output: outputOf(record), outputRev: record.rev }
    if (now.output === before.output) this.fed.set(id, now)
    else this.store.getState().replaceTasks([this.put(id, before, now)])
  }

  private checkWho(): void {
    const who = this.client.who.getSnapshot()
    const whose = who && JSON.stringify([who.tenant, who.subject])
    if (this.whose !== undefined && whose !== this.whose) {
      this.fed.clear()
      this.outputs.clear()
      this.hasList = false
      this.store.getState().clearTasks()
    }
    this.whose = whose
  }
}

const feeds = new WeakMap<Client, WeakMap<FedStore, TaskFeed>>()

export function feedOf(client: Client, store: FedStore): TaskFeed {
  const known = feeds.get(client) ?? new WeakMap<FedStore, TaskFeed>()
  feeds.set(client, known)
  let feed = known.get(store)
  if (!feed) {
    feed = new TaskFeed(client, store)
    known.set(store, feed)
  }
  return feed
}
