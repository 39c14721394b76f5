/**
 * What elements with many jobs share: whose jobs they follow, which of them are active and which have ended, newest first.
 * Collaborators: the jobs page, the tray and its button.
 */
import { type Client, hasEnded, type JobSummary, type JobsTopic, type JobsView, type View } from '@tidings/client'
import { Ends } from './ends.js'
import { topicOf, wantedBy } from './job-source.js'
import { LiveElement } from './live-element.js'

const MINE: JobsTopic = { owner: 'me' }

/** Ends without a result that the job was to have. */
export const FAILURES: ReadonlySet<string> = new Set(['failed', 'timed_out', 'lost'])

export interface Sorted {
  active: JobSummary[]
  /** The one that ended last is first. */
  ended: JobSummary[]
}

export abstract class JobsElement extends LiveElement {
  protected jobs: View<JobsView> | undefined
  protected readonly ends = new Ends()

  protected get topic(): JobsTopic {
    return topicOf(this) ?? MINE
  }

  protected override follow(client: Client): void {
    this.jobs = this.watch(client.jobs(this.topic))
  }

  protected override forget(): void {
    this.ends.forget()
  }

  /** The jobs that the attributes name, those of `more` included when the view does not hold them. */
  protected sorted(more: readonly JobSummary[] = []): Sorted {
    const held = this.jobs?.getSnapshot().jobs ?? []
    const wanted = wantedBy(this, this.client.who.getSnapshot()?.subject)
    const ids = more.length > 0 ? new Set(held.map(({ id }) => id)) : undefined
    const active: JobSummary[] = []
    const ended: JobSummary[] = []
    for (const job of held) if (wanted(job)) (hasEnded(job.status) ? ended : active).push(job)
    for (const job of more) if (wanted(job) && hasEnded(job.status) && !ids?.has(job.id)) ended.push(job)
    return { active, ended: ended.sort(lastEndedFirst) }
  }
}

function lastEndedFirst(one: JobSummary, other: JobSummary): number {
  const [first, second] = [one.endedAt ?? one.createdAt, other.endedAt ?? other.createdAt]
  return first < second ? 1 : first > second ? -1 : 0
}
