/** `<tidings-progress>`: how far a job is, and nothing else. */
import { OptionalPart } from './drawing.js'
import { JobElement } from './job-element.js'
import { SOURCE } from './job-source.js'
import { mirror } from './mirror.js'
import { markJob } from './parts/job-marks.js'
import { ProgressBar } from './parts/progress-bar.js'

/**
 * The bar of one job: the newest that the attributes `job`, `session`, `subject-type` and `subject-id`, `batch`, `root`, `tag` or `task` name.
 *
 * @example
 * <tidings-progress job="job_01jd9v3k5efx4b8n6w2q7r0mzt"></tidings-progress>
 */
export class TidingsProgress extends JobElement {
  declare job: string | null
  declare session: string | null
  declare subjectType: string | null
  declare subjectId: string | null
  declare task: string | null
  private readonly bar = new OptionalPart(this.body, () => new ProgressBar(this, true))

  protected override build(): void {}

  protected override draw(): boolean {
    const job = this.newest()
    this.bar.draw(job)
    if (job && this.bar.root) markJob(this.bar.root, job)
    return false
  }
}

mirror(TidingsProgress, { texts: SOURCE })
