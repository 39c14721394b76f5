/**
 * What elements about one job share: they show the newest job that their attributes name, and tell when it ends.
 * Collaborators: job, progress and button elements draw it.
 */
import type { Client, JobSummary, JobsView, View } from '@tidings/client'
import { Ends } from './ends.js'
import { topicOf, wantedBy } from './job-source.js'
import { LiveElement } from './live-element.js'

export abstract class JobElement extends LiveElement {
  protected jobs: View<JobsView> | undefined
  protected readonly ends = new Ends()

  protected override follow(client: Client): void {
    const topic = topicOf(this)
    this.jobs = topic && this.watch(client.jobs(topic))
  }

  protected override forget(): void {
    this.ends.forget()
  }

  /** The newest job that is meant, and it alone is told of when it ends. */
  protected newest(): JobSummary | undefined {
    const wanted = wantedBy(this, this.client.who.getSnapshot()?.subject)
    const job = this.jobs?.getSnapshot().jobs.find(wanted)
    this.lookForEnd(job)
    return job
  }

  protected lookForEnd(job: JobSummary | undefined): void {
    for (const ended of this.ends.look(job ? [job] : [])) this.ended(ended)
  }
}
