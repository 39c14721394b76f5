/**
 * The order of the rows, held still while somebody is at the list: what is new waits, what went leaves its row behind.
 * Collaborators: the job list says when to hold. It refuses to move a row while held.
 */
import type { JobSummary } from '@tidings/client'

export interface Row {
  job: JobSummary
  /** It is no longer part of the list; its row stays until nobody is looking. */
  gone: boolean
}

export interface Held {
  rows: Row[]
  /** Jobs that wait to be shown. */
  fresh: number
}

export class HeldOrder {
  private order: string[] = []
  private readonly seen = new Map<string, JobSummary>()
  private key = ''

  /**
   * `wanted` is the list as it should be, `known` finds a job that is not wanted any more, `key` names the filter: another filter
   * is another list.
   */
  arrange(
    wanted: readonly JobSummary[],
    known: (id: string) => JobSummary | undefined,
    key: string,
    hold: boolean,
  ): Held {
    const byId = new Map(wanted.map((job) => [job.id, job]))
    if (!hold || key !== this.key || this.order.length === 0) {
      this.key = key
      this.order = wanted.map((job) => job.id)
      this.seen.clear()
    }
    let shown = 0
    const rows = this.order.map((id): Row => {
      const job = byId.get(id)
      if (job) shown++
      const latest = job ?? known(id) ?? (this.seen.get(id) as JobSummary)
      this.seen.set(id, latest)
      return { job: latest, gone: !job && !known(id) }
    })
    return { rows, fresh: wanted.length - shown }
  }

  /** Shows what waits: the next arrangement begins anew. */
  release(): void {
    this.order = []
  }
}
