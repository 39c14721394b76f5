/**
 * The runs of whoever is signed in: one list for all components of an app, and whether its monitor is open.
 * Collaborators: the view of the caller's jobs. It refuses to merge: the client's rules say what is newest, and another user's list is
 * never shown.
 */
import type { Client, JobSummary } from '@tidings/client'
import { shallowRef } from 'vue'
import { runOf, type TriggerRun } from './run.js'

/** Runs that a refresh makes sure of. */
const REFRESHED = 50
/** A refresh waits this long for the list to show what the server answered. */
const SHOWN_MS = 5_000

const MINE = { owner: 'me' } as const

export class UserRuns {
  readonly runs = shallowRef<readonly TriggerRun[]>([])
  /** What is shown is as new as can be. */
  readonly isConnected = shallowRef(false)
  /** The first list is on its way. */
  readonly isComing = shallowRef(false)
  /** Refreshes under way. */
  readonly refreshes = shallowRef(0)
  readonly open = shallowRef(false)
  /** Gets the focus back when the monitor closes. */
  opener: HTMLElement | undefined
  private lookers = 0
  private ends: (() => void)[] = []

  constructor(readonly client: Client) {}

  /** Follows the list until the last look has ended; returns what ends this one. */
  look(): () => void {
    if (++this.lookers === 1) {
      const { connection } = this.client
      this.ends = [this.client.jobs(MINE), connection].map((view) => view.subscribe(() => this.show()))
      this.show()
    }
    let looking = true
    return () => {
      if (!looking) return
      looking = false
      if (--this.lookers > 0) return
      for (const end of this.ends.splice(0)) end()
      this.runs.value = []
      this.isConnected.value = this.isComing.value = false
    }
  }

  /**
   * Connects at once if there is no connection, asks the server for the newest runs, and is done when the list shows them. Never rejects:
   * whether the list is live is what `isConnected` says. Any number may be under way; none is skipped.
   */
  readonly refresh = async (): Promise<void> => {
    this.client.reconnect()
    this.refreshes.value++
    try {
      const { jobs } = await this.client.list({ owner: 'me', limit: REFRESHED })
      await this.shown(jobs)
    } catch {
      // The server cannot be asked: the list goes on when it can be.
    } finally {
      this.refreshes.value--
    }
  }

  /** Asks a run to end. Rejects with a `TidingsProblem` that says why not. */
  readonly cancel = async (id: string): Promise<void> => {
    const run = this.runs.value.find((each) => each.id === id)
    await this.client.abort(run?.job.id ?? id)
  }

  private show(): void {
    const { jobs, ready, error } = this.client.jobs(MINE).getSnapshot()
    const { state } = this.client.connection.getSnapshot()
    const runs = jobs.map(runOf)
    const before = this.runs.value
    if (runs.length !== before.length || runs.some((run, place) => run !== before[place])) this.runs.value = runs
    this.isConnected.value = state === 'live'
    this.isComing.value = !ready && !error && (state === 'connecting' || state === 'catchingUp')
  }

  /** Until the list holds these at this revision or a later one. */
  private shown(jobs: readonly JobSummary[]): Promise<void> {
    const { environment } = this.client
    const view = this.client.jobs(MINE)
    const held = () => new Map(view.getSnapshot().jobs.map((job) => [job.id, job.rev]))
    const isShown = () => {
      const revs = held()
      return jobs.every((job) => (revs.get(job.id) ?? -1) >= job.rev)
    }
    if (this.lookers === 0 || isShown()) return Promise.resolve()
    return new Promise((done) => {
      const finish = () => {
        end()
        environment.clearTimer(timer)
        done()
      }
      const timer = environment.setTimer(finish, SHOWN_MS)
      const end = view.subscribe(() => {
        if (isShown()) finish()
      })
    })
  }
}

const all = new WeakMap<Client, UserRuns>()

/** The one of this client. */
export function userRunsOf(client: Client): UserRuns {
  let runs = all.get(client)
  if (!runs) {
    runs = new UserRuns(client)
    all.set(client, runs)
  }
  return runs
}
