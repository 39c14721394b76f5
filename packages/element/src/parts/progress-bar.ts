/**
 * How far a job is: the message left, numbers and percentage right, over a bar when the share is known or something is under way.
 * Collaborators: rows, cards, the progress element. It is no live region: progress does not talk.
 */
import { hasEnded, type JobSummary, type Progress } from '@tidings/client'
import { itemsText, nameOf, percentText, statusText } from '@tidings/client/words'
import { make, mark, type Part, say, sayIfAny, show } from '../drawing.js'
import type { Scene } from '../scene.js'

export class ProgressBar implements Part<JobSummary> {
  readonly root = make('div', 'progress')
  private readonly message = make('span', 'progress-message')
  private readonly trouble = make('span', 'progress-trouble')
  private readonly items = make('span', 'progress-items')
  private readonly percentage = make('b')
  private readonly words: HTMLElement
  private readonly fill = make('div', 'bar-fill')
  private readonly bar = make('div', 'bar', this.fill)
  private shownShare: number | undefined

  /** `alone`: nothing beside it says the status, so the words do. */
  constructor(
    private readonly scene: Scene,
    private readonly alone = false,
  ) {
    const numbers = make('span', 'progress-numbers', this.trouble, this.items, this.percentage)
    this.words = make('div', 'progress-words', this.message, numbers)
    mark(this.bar, 'role', 'progressbar')
    mark(this.bar, 'aria-valuemin', 0)
    mark(this.bar, 'aria-valuemax', 100)
    mark(this.bar, 'part', 'bar')
    mark(this.fill, 'part', 'fill')
    this.root.append(this.words, this.bar)
  }

  draw(job: JobSummary): void {
    const { words } = this.scene
    const progress = progressOf(job)
    const done = job.status === 'completed'
    const percentage = done ? undefined : percentageOf(progress)
    const moving = percentage === undefined && job.status === 'running'
    const message = progress?.message ?? (moving ? words.working : '')
    const items = itemsText(progress?.current, progress?.total, words)
    const trouble = [
      progress?.failed ? words.itemsFailed(progress.failed) : '',
      progress?.skipped ? words.itemsSkipped(progress.skipped) : '',
    ]
    const statusFirst = this.alone && job.status !== 'running'
    const text = statusFirst ? this.statusFirst(job, message) : message
    mark(this.root, 'data-status', job.status)
    mark(this.words, 'title', text || undefined)
    say(this.message, text)
    mark(this.message, 'data-status-first', statusFirst)
    sayIfAny(this.trouble, trouble.filter(Boolean).join(', '))
    sayIfAny(this.items, items)
    sayIfAny(this.percentage, percentage === undefined ? undefined : percentText(percentage, words))
    this.drawBar(job, this.alone && done ? 100 : percentage, moving)
    show(this.root, percentage !== undefined || moving || !!text || !!items)
  }

  private statusFirst(job: JobSummary, message: string): string {
    const status = statusText(job.status, this.scene.words)
    return message && !hasEnded(job.status) ? `${status} · ${message}` : status
  }

  private drawBar(job: JobSummary, percentage: number | undefined, moving: boolean): void {
    show(this.bar, percentage !== undefined || moving || this.alone)
    mark(this.bar, 'aria-label', this.scene.words.progressOf(nameOf(job)))
    mark(this.bar, 'aria-valuenow', percentage === undefined ? undefined : Math.floor(percentage))
    mark(this.bar, 'data-moving', moving)
    const share = moving ? 1 : (percentage ?? 0) / 100
    if (share === this.shownShare) return
    this.shownShare = share
    this.fill.style.transform = `scaleX(${share})`
  }
}

/** None before an attempt begins: what stands there is of the one before. */
function progressOf({ status, reason, progress }: JobSummary): Progress | undefined {
  const before = status === 'pending' || status === 'scheduled' || (status === 'paused' && reason === 'before_start')
  return before ? undefined : progress
}

function percentageOf(progress: Progress | undefined): number | undefined {
  const { percentage, current, total } = progress ?? {}
  const said = percentage ?? (current === undefined || !total ? undefined : (current / total) * 100)
  return said === undefined ? undefined : Math.min(100, Math.max(0, said))
}
