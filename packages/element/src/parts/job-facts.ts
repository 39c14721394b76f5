/** The small words under a job's name: why it is as it is, its task, attempt, id and tags. */
import type { JobSummary } from '@tidings/client'
import { nameOf, reasonText, saysWhy, shortId } from '@tidings/client/words'
import { make, mark, type Part, sayIfAny } from '../drawing.js'
import type { Scene } from '../scene.js'

export class JobFacts implements Part<JobSummary> {
  readonly root = make('span', 'facts')
  private readonly reason = make('span', 'reason')
  private readonly task = make('span')
  private readonly attempt = make('span')
  private readonly id = make('code')
  private readonly tags = make('span')

  constructor(private readonly scene: Scene) {
    this.root.append(this.reason, this.task, this.attempt, this.id, this.tags)
  }

  /** `gone`: why its row is about to go, in place of the reason. */
  draw(job: JobSummary, gone?: string): void {
    const { words } = this.scene
    const why = saysWhy(job) ? reasonText(job.reason, words) : undefined
    sayIfAny(this.reason, gone ?? why)
    sayIfAny(this.task, nameOf(job) === job.task ? undefined : job.task)
    sayIfAny(this.attempt, (job.attempt ?? 0) > 1 ? words.attempt(job.attempt as number) : undefined)
    sayIfAny(this.id, shortId(job.id))
    mark(this.id, 'title', job.id)
    sayIfAny(this.tags, job.tags?.slice(0, 3).join(', '))
  }
}
