/**
 * What the last check found. Read when the connection comes to life, also after a cut, and again whenever a check completes, whoever started
 * it and wherever.
 */
import { problemText } from '@tidings/client/words'
import { useConnection, useSettled, useTidings } from '@tidings/react'
import { useCallback, useEffect, useState } from 'react'
import type { CheckLinksOutput } from '../../tasks.js'

export interface Findings extends CheckLinksOutput {
  at: string
}

interface State {
  findings?: Findings
  /** Why they could not be read, until they can. */
  problem?: string
  /** The server has answered: without findings, there never was a check. */
  isKnown: boolean
}

export function useFindings(): State & { read(): void } {
  const tidings = useTidings()
  const { isConnected } = useConnection()
  const [state, setState] = useState<State>({ isKnown: false })
  const read = useCallback(async () => {
    try {
      const { jobs } = await tidings.list({ task: 'check-links', status: 'completed', limit: 1 })
      const job = jobs[0] && (await tidings.get(jobs[0].id))
      const findings = job && { ...(job.result as CheckLinksOutput), at: job.endedAt ?? job.createdAt }
      setState({ findings, isKnown: true })
    } catch (problem) {
      setState((before) => ({ ...before, problem: problemText(problem) }))
    }
  }, [tidings])
  useEffect(() => {
    if (isConnected) void read()
  }, [isConnected, read])
  useSettled('check-links', { onCompleted: () => void read() })
  return { ...state, read }
}
