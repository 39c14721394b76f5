/**
 * Puts a job out of sight. Nothing is asked of the job itself.
 * Collaborators: a row that is held still keeps it, and it takes the press back.
 */
import type { JobSummary } from '@tidings/client'
import { nameOf } from '@tidings/client/words'
import { announce } from '../announcer.js'
import { makeButton, mark, type Part, show } from '../drawing.js'
import type { HeldRow } from '../held-order.js'
import type { HiddenJobs } from '../hidden-jobs.js'
import { Icon } from '../icons.js'
import type { Scene } from '../scene.js'

export class HideButton implements Part<HeldRow> {
  private readonly icon = new Icon('hide')
  readonly root = makeButton('quiet hide', () => this.press(), this.icon.root)
  private job: JobSummary | undefined

  constructor(
    private readonly scene: Scene,
    private readonly hidden: HiddenJobs,
  ) {
    mark(this.root, 'part', 'button hide')
  }

  draw({ job, gone }: HeldRow): void {
    this.job = job
    const { words } = this.scene
    const isHidden = this.hidden.has(job)
    const text = isHidden ? words.showAgain : words.hide
    this.icon.draw(isHidden ? 'unhide' : 'hide')
    mark(this.root, 'aria-label', words.verbOn(text, nameOf(job)))
    mark(this.root, 'title', text)
    show(this.root, !gone || isHidden)
  }

  private press(): void {
    const { job, scene, hidden } = this
    if (!job) return
    hidden.turn(job)
    if (hidden.has(job)) announce(scene.words.ended(nameOf(job), scene.words.hidden), scene.client, scene.words)
    scene.schedule()
  }
}
