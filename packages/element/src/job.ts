/** `<tidings-job>`: one job with its state, bar, error and the verbs allowed. */
import { hasEnded } from '@tidings/client'
import { make, mark, OptionalPart, sayIfAny } from './drawing.js'
import { JobElement } from './job-element.js'
import { SOURCE } from './job-source.js'
import { mirror } from './mirror.js'
import { JobCard } from './parts/job-card.js'

/**
 * One job: the newest that the attributes `job`, `session`, `subject-type` and `subject-id`, `batch`, `root`, `tag` or `task` name.
 * `verbs` lists what may be offered. `leave-tracked` says that the app goes on with a tracked job when the page is left.
 *
 * @example
 * <tidings-job session="wizard-7" verbs="pause resume abort retry"></tidings-job>
 */
export class TidingsJob extends JobElement {
  declare job: string | null
  declare session: string | null
  declare subjectType: string | null
  declare subjectId: string | null
  declare task: string | null
  declare leaveTracked: boolean
  private readonly card = new OptionalPart(this.body, () => new JobCard(this))
  private readonly empty = make('p', 'empty')

  protected override build(): void {
    this.body.append(this.empty)
  }

  protected override draw(): boolean {
    const job = this.newest()
    const view = this.jobs?.getSnapshot()
    this.card.draw(job && { job, connection: this.client.connection.getSnapshot() })
    const missing = !job && this.hasAttribute('job')
    const { words } = this
    sayIfAny(this.empty, missing ? (view?.error || view?.ready ? words.noSuchJob : words.loading) : undefined)
    mark(this.empty, 'data-error', view?.error?.code)
    return !!job && !hasEnded(job.status)
  }
}

mirror(TidingsJob, { texts: SOURCE, flags: ['leave-tracked'] })
