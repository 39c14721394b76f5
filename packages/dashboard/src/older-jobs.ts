/**
 * History that the live state does not hold, a page at a time, asked of the list route.
 * Collaborators: the job list. It refuses to stop at pages that show nothing new.
 */
import type { JobSummary } from '@tidings/client'
import { useState } from 'react'
import type { Filter } from './choose-jobs.js'
import { sayRefused } from './notices.js'
import { client } from './session.js'

const PAGE = 100
/** Pages asked for by one press, when those before hold only what is shown already. */
const MOST_PAGES = 20

export interface Older {
  jobs: readonly JobSummary[]
  loading: boolean
  /** There is nothing older. */
  complete: boolean
  load: () => void
}

interface Pages {
  key: string
  jobs: readonly JobSummary[]
  cursor?: string | undefined
  complete: boolean
}

/** `key` names the filter: another filter begins anew. */
export function useOlder(live: readonly JobSummary[], { status, task, text }: Filter, key: string): Older {
  const [pages, setPages] = useState<Pages>({ key, jobs: [], complete: false })
  const [loading, setLoading] = useState(false)
  const current: Pages = pages.key === key ? pages : { key, jobs: [], complete: false }
  const load = async () => {
    setLoading(true)
    const held = new Set(live.map((job) => job.id))
    const found = [...current.jobs]
    let { cursor } = current
    try {
      for (let asked = 0; asked < MOST_PAGES && found.length === current.jobs.length; asked++) {
        const page = await client.list({ status: status === 'active' ? '' : status, task, text, limit: PAGE, cursor })
        found.push(...page.jobs.filter((job) => !held.has(job.id)))
        cursor = page.cursor
        if (cursor === undefined) break
      }
      setPages({ key, jobs: found, cursor, complete: cursor === undefined })
    } catch (error) {
      sayRefused('Older jobs', error)
    }
    setLoading(false)
  }
  return { jobs: current.jobs, loading, complete: current.complete, load }
}
