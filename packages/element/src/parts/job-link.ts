/**
 * The name of a job, as a link when it has one that may be followed.
 * Collaborators: the scene lets the page navigate in its own way. A real link, so that a middle click and a long press work.
 */
import type { JobSummary } from '@tidings/client'
import { nameOf } from '@tidings/client/words'
import { make, mark, type Part, say } from '../drawing.js'
import { linkOf } from '../job-source.js'
import type { Scene } from '../scene.js'

export class JobLink implements Part<JobSummary> {
  readonly root: HTMLAnchorElement
  private job: JobSummary | undefined

  /** `asView`: it says "View" instead of the name. */
  constructor(
    private readonly scene: Scene,
    private readonly asView = false,
  ) {
    this.root = make('a', asView ? 'button view' : 'name')
    this.root.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
      if (this.job?.link && this.leads) this.scene.view(this.job, this.job.link, event)
    })
  }

  /** Whether there is somewhere to go. */
  get leads(): boolean {
    return this.root.hasAttribute('href')
  }

  draw(job: JobSummary): void {
    this.job = job
    const name = nameOf(job)
    mark(this.root, 'href', linkOf(job))
    say(this.root, this.asView ? this.scene.words.view : name)
    mark(this.root, 'aria-label', this.asView ? this.scene.words.viewOf(name) : undefined)
    if (!this.asView) mark(this.root, 'title', name)
  }
}
