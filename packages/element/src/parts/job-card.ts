/**
 * One job at large: what it is, how far, what it says, and what may be asked of it.
 * Collaborators: the job element and the start button.
 */
import type { ConnectionState, JobSummary } from '@tidings/client'
import { hasEnded } from '@tidings/client'
import { nameOf } from '@tidings/client/words'
import { make, mark, type Part, sayIfAny, show } from '../drawing.js'
import type { Scene } from '../scene.js'
import { ConnectionDot } from './connection-dot.js'
import { JobFacts } from './job-facts.js'
import { JobLink } from './job-link.js'
import { markJob } from './job-marks.js'
import { JobTimes } from './job-times.js'
import { ProgressBar } from './progress-bar.js'
import { StatusChip } from './status-chip.js'
import { VerbButtons } from './verb-buttons.js'

export class JobCard implements Part<{ job: JobSummary; connection: ConnectionState }> {
  readonly root = make('div', 'card')
  /** Buttons beside the verbs. */
  readonly foot = make('div', 'card-foot')
  private readonly name: JobLink
  private readonly view: JobLink
  private readonly dot: ConnectionDot
  private readonly chip: StatusChip
  private readonly facts: JobFacts
  private readonly times: JobTimes
  private readonly progress: ProgressBar
  private readonly verbs: VerbButtons
  private readonly error = make('p', 'error')
  private readonly refusal = make('p', 'refusal')
  private readonly note = make('p', 'note')

  constructor(private readonly scene: Scene) {
    this.name = new JobLink(scene)
    this.view = new JobLink(scene, true)
    this.dot = new ConnectionDot(scene)
    this.chip = new StatusChip(scene)
    this.facts = new JobFacts(scene)
    this.times = new JobTimes(scene)
    this.progress = new ProgressBar(scene)
    this.verbs = new VerbButtons(scene, false)
    mark(this.root, 'part', 'card')
    mark(this.root, 'role', 'group')
    const head = make('div', 'card-head', this.dot.root, this.name.root, this.chip.root)
    const about = make('div', 'card-about', this.facts.root, this.times.root)
    this.foot.append(this.view.root, this.verbs.root)
    this.root.append(head, about, this.progress.root, this.error, this.refusal, this.foot, this.note)
  }

  draw({ job, connection }: { job: JobSummary; connection: ConnectionState }): void {
    const ended = hasEnded(job.status)
    markJob(this.root, job)
    mark(this.root, 'aria-label', nameOf(job))
    this.name.draw(job)
    this.view.draw(job)
    show(this.view.root, ended && this.view.leads)
    this.dot.draw(connection)
    this.chip.draw(job.status)
    this.facts.draw(job)
    this.times.draw(job)
    this.progress.draw(job)
    this.verbs.draw(job)
    sayIfAny(this.error, job.error?.message)
    sayIfAny(this.refusal, this.scene.refusalOf(job))
    sayIfAny(this.note, this.scene.outlivesPage(job) ? this.scene.words.safeToLeave : undefined)
  }
}
