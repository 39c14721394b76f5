/**
 * History that the live state does not hold, a page at a time, asked of the list route.
 * Collaborators: the jobs element. It refuses topics that the list route has no filter for: their history ends with what is held.
 */
import type { Client, JobSummary, JobsTopic, ListQuery } from '@tidings/client'

const PAGE = 100
/** Pages asked for by one press, when those before hold only what is shown already. */
const MOST_PAGES = 10

export class OlderJobs {
  jobs: readonly JobSummary[] = []
  /** There is nothing older, or nobody to ask. */
  complete = false
  private cursor: string | undefined
  private loading = false
  private life = 0

  /** Another topic or another person: begins anew. */
  forget(): void {
    this.life++
    this.jobs = []
    this.cursor = undefined
    this.complete = false
    this.loading = false
  }

  /** Answers whether there is something new. Throws what the server refused. */
  async load(client: Client, topic: JobsTopic, held: readonly JobSummary[]): Promise<boolean> {
    const query = queryOf(topic)
    if (this.loading || this.complete || !query) return false
    const { life } = this
    this.loading = true
    try {
      const ids = new Set([...held, ...this.jobs].map(({ id }) => id))
      for (let asked = 0; asked < MOST_PAGES; asked++) {
        const page = await client.list({ ...query, limit: PAGE, cursor: this.cursor })
        if (life !== this.life) return false
        const fresh = page.jobs.filter(({ id }) => !ids.has(id))
        this.cursor = page.cursor
        this.complete = page.cursor === undefined
        this.jobs = [...this.jobs, ...fresh]
        if (fresh.length > 0 || this.complete) return true
      }
      return false
    } finally {
      if (life === this.life) this.loading = false
    }
  }
}

/** Undefined when the list route cannot be asked for the topic. */
export function queryOf(topic: JobsTopic): ListQuery | undefined {
  if ('owner' in topic) return { owner: topic.owner }
  if ('session' in topic) return { session: topic.session }
  if ('task' in topic) return { task: topic.task }
  if ('tag' in topic) return { tag: topic.tag }
  return 'tenant' in topic ? {} : undefined
}
