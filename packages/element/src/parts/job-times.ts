/** How long a job has run, when it began or ended, and what was asked and has not happened yet. */
import { hasEnded, type JobSummary } from '@tidings/client'
import { durationText, elapsed, exactTimeText, timeText, wishText } from '@tidings/client/words'
import { make, mark, type Part, say, sayIfAny } from '../drawing.js'
import type { Scene } from '../scene.js'

export class JobTimes implements Part<JobSummary> {
  readonly root = make('span', 'times')
  private readonly duration = make('span', 'elapsed')
  private readonly wish = make('span', 'wish')
  private readonly moment = make('time')
  private shownTime: string | undefined

  constructor(private readonly scene: Scene) {
    this.root.append(this.duration, this.wish, this.moment)
  }

  draw(job: JobSummary): void {
    const { words, now, asOf } = this.scene
    const ended = hasEnded(job.status)
    sayIfAny(this.duration, this.durationOf(job, ended, asOf))
    sayIfAny(this.wish, ended ? undefined : wishText(job, asOf, words))
    const time = job.endedAt ?? job.startedAt ?? job.createdAt
    say(this.moment, timeText(time, now, words))
    if (time === this.shownTime) return
    this.shownTime = time
    mark(this.moment, 'datetime', time)
    mark(this.moment, 'title', exactTimeText(time, words))
  }

  private durationOf(job: JobSummary, ended: boolean, now: number): string | undefined {
    const { words } = this.scene
    if (ended) {
      const took = elapsed(job, now)
      return took === undefined ? undefined : durationText(took, words)
    }
    // What counts up second by second says seconds from the first on.
    const ticking = (milliseconds: number) => durationText(Math.max(1000, milliseconds), words)
    if (job.status === 'scheduled' && job.dueAt) return words.dueIn(ticking(Date.parse(job.dueAt) - now))
    const waits = job.status === 'pending' || job.status === 'retrying'
    return ticking((waits ? undefined : elapsed(job, now)) ?? now - Date.parse(job.createdAt))
  }
}
