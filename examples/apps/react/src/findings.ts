/** What the last check found. Read again whenever a check completes, whoever started it and wherever. */
import { useSettled, useTidings } from '@tidings/react'
import { useCallback, useEffect, useState } from 'react'
import type { CheckLinksOutput } from '../../tasks.js'

export interface Findings extends CheckLinksOutput {
  at: string
}

export function useFindings(): { findings: Findings | undefined; problem: string | undefined; isLoading: boolean } {
  const tidings = useTidings()
  const [state, setState] = useState<{ findings?: Findings; problem?: string; isLoading: boolean }>({ isLoading: true })
  const read = useCallback(async () => {
    try {
      const { jobs } = await tidings.list({ task: 'check-links', status: 'completed', limit: 1 })
      const job = jobs[0] && (await tidings.get(jobs[0].id))
      const findings = job && { ...(job.result as CheckLinksOutput), at: job.endedAt ?? job.createdAt }
      setState({ findings, isLoading: false })
    } catch (problem) {
      setState((before) => ({ ...before, problem: (problem as Error).message, isLoading: false }))
    }
  }, [tidings])
  useEffect(() => void read(), [read])
  useSettled('check-links', { onCompleted: () => void read() })
  return { findings: state.findings, problem: state.problem, isLoading: state.isLoading }
}
