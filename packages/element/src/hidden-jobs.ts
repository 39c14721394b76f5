/**
 * The jobs that somebody has put out of sight, until the page is loaded again.
 * Collaborators: the tray; rows turn it. It refuses to hide news: a job that has ended since, or runs again, is shown.
 */
import { hasEnded, type JobSummary } from '@tidings/client'

/** More than one page shows at once is never hidden; the oldest mark gives way. */
const MOST = 1_000

export class HiddenJobs {
  /** By job, the state in which it was hidden. */
  private readonly marks = new Map<string, string>()

  has(job: JobSummary): boolean {
    return this.marks.get(job.id) === stateOf(job)
  }

  /** Hides it, or shows it again. */
  turn(job: JobSummary): void {
    const hide = !this.has(job)
    this.marks.delete(job.id)
    if (!hide) return
    this.marks.set(job.id, stateOf(job))
    for (const id of this.marks.keys()) {
      if (this.marks.size <= MOST) break
      this.marks.delete(id)
    }
  }

  /** Shows all of them again. */
  clear(): void {
    this.marks.clear()
  }
}

/** The same while it runs, however it does; another at each end. */
function stateOf({ status, settlement }: JobSummary): string {
  return `${settlement} ${hasEnded(status) ? status : 'active'}`
}
