/**
 * Which of some jobs have ended since the last look.
 * Collaborators: elements that tell of ends. It refuses to tell of ends that were there at first.
 */
import { hasEnded, type ShownJob } from '@tidings/client'

export class Ends {
  private active = new Set<string>()

  /** A job that was started here counts as seen active, however quickly it ends. */
  expect(id: string): void {
    this.active.add(id)
  }

  forget(): void {
    this.active.clear()
  }

  /** The jobs that were active at the last look and are not now. */
  look(jobs: readonly ShownJob[]): ShownJob[] {
    const ended: ShownJob[] = []
    for (const job of jobs) {
      // What is only expected may be taken back.
      if (job.asking) continue
      if (!hasEnded(job.status)) this.active.add(job.id)
      else if (this.active.delete(job.id)) ended.push(job)
    }
    return ended
  }
}
