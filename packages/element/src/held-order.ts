/**
 * The order of rows in groups, held still while somebody is at the list: what is new waits, what went or would change its group stays
 * in its row.
 * Collaborators: job lists say when to hold. It refuses to move a row while held.
 */
import type { JobSummary } from '@tidings/client'

export interface HeldRow {
  job: JobSummary
  /** It is no longer part of the list; its row stays until nobody is at it. */
  gone: boolean
}

export interface Held {
  groups: HeldRow[][]
  /** Jobs that wait to be shown. */
  fresh: number
}

export class HeldOrder {
  private order: string[][] | undefined
  private key = ''
  private readonly seen = new Map<string, JobSummary>()

  /** `wanted` are the groups as they should be; another `key` is another list, which is not held. */
  arrange(wanted: readonly (readonly JobSummary[])[], key: string, hold: boolean): Held {
    const byId = new Map<string, JobSummary>()
    for (const group of wanted) for (const job of group) byId.set(job.id, job)
    if (!hold || key !== this.key || !this.order?.some((group) => group.length > 0)) {
      this.key = key
      this.order = wanted.map((group) => group.map((job) => job.id))
      this.seen.clear()
    }
    let shown = 0
    const groups = (this.order as string[][]).map((ids) =>
      ids.map((id): HeldRow => {
        const job = byId.get(id)
        if (job) {
          shown++
          this.seen.set(id, job)
        }
        return { job: job ?? (this.seen.get(id) as JobSummary), gone: !job }
      }),
    )
    return { groups, fresh: byId.size - shown }
  }

  /** Shows what waits: the next arrangement begins anew. */
  release(): void {
    this.order = undefined
    this.seen.clear()
  }
}
