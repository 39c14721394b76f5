/**
 * One job in a list. Touched only when the job, the texts or the second have changed.
 * Collaborators: the list puts it in its place.
 */
import type { JobSummary } from '@tidings/client'
import type { Texts } from '@tidings/client/words'
import { make, mark, type Part, sayIfAny, show } from '../drawing.js'
import type { HeldRow } from '../held-order.js'
import type { HiddenJobs } from '../hidden-jobs.js'
import type { Scene } from '../scene.js'
import { HideButton } from './hide-button.js'
import { JobFacts } from './job-facts.js'
import { JobLink } from './job-link.js'
import { markJob } from './job-marks.js'
import { JobTimes } from './job-times.js'
import { ProgressBar } from './progress-bar.js'
import { StatusChip } from './status-chip.js'
import { VerbButtons } from './verb-buttons.js'

export class JobRow implements Part<HeldRow> {
  readonly root = make('li', 'row')
  private readonly link: JobLink
  private readonly chip: StatusChip
  private readonly facts: JobFacts
  private readonly progress: ProgressBar
  private readonly times: JobTimes
  private readonly verbs: VerbButtons
  private readonly error = make('p', 'error')
  private readonly refusal = make('p', 'refusal')
  private readonly hide: HideButton | undefined
  private shown: { job: JobSummary; gone: boolean; second: number; words: Texts; refusal?: string } | undefined

  /** With `hidden` it can be put out of sight. */
  constructor(
    private readonly scene: Scene,
    private readonly hidden?: HiddenJobs,
  ) {
    this.link = new JobLink(scene)
    this.chip = new StatusChip(scene)
    this.facts = new JobFacts(scene)
    this.progress = new ProgressBar(scene)
    this.times = new JobTimes(scene)
    this.verbs = new VerbButtons(scene, true)
    mark(this.root, 'part', 'row')
    const { link, chip, facts, progress, times, verbs } = this
    this.hide = hidden && new HideButton(scene, hidden)
    const end = make('div', 'row-end', verbs.root)
    if (this.hide) end.append(this.hide.root)
    this.root.append(link.root, chip.root, facts.root, progress.root, this.error, times.root, end, this.refusal)
  }

  draw({ job, gone }: HeldRow): void {
    const { scene, shown } = this
    const second = Math.floor(scene.now / 1000)
    const refusal = scene.refusalOf(job)
    const { words } = scene
    const same = shown?.job === job && shown.gone === gone && shown.words === words && shown.refusal === refusal
    if (same && shown.second === second) return
    this.shown = { job, gone, second, words, ...(refusal !== undefined && { refusal }) }
    this.times.draw(job)
    if (same) return
    markJob(this.root, job)
    mark(this.root, 'data-gone', gone)
    this.link.draw(job)
    this.chip.draw(job.status)
    this.facts.draw(job, gone ? (this.hidden?.has(job) ? words.hidden : words.gone) : undefined)
    this.progress.draw(job)
    if (job.error) show(this.progress.root, false)
    this.verbs.draw(gone ? { ...job, verbs: [] } : job)
    this.hide?.draw({ job, gone })
    sayIfAny(this.error, job.error?.message)
    mark(this.error, 'title', job.error?.message)
    sayIfAny(this.refusal, refusal)
  }
}
