/** The small words under a job's name: why it is as it is, its task, attempt, id and tags. */
import type { JobSummary } from '@tidings/client'
import { reasonText, saysWhy, shortId } from '@tidings/client/words'
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

  draw(job: JobSummary, gone = false): void {
    const { words } = this.scene
    const why = saysWhy(job) ? reasonText(job.reason, words) : undefined
    sayIfAny(this.reason, gone ? words.gone : why)
    sayIfAny(this.task, job.title && job.task)
    sayIfAny(this.attempt, (job.attempt ?? 0) > 1 ? words.attempt(job.attempt as number) : undefined)
    sayIfAny(this.id, shortId(job.id))
    mark(this.id, 'title', job.id)
    sayIfAny(this.tags, job.tags?.slice(0, 3).join(', '))
  }
}
