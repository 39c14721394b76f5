/**
 * A session's job in a component that was away.
 * Collaborators: SessionRecovery does it all; this subscribes. On a server nothing is followed.
 */
import { useTidings } from '@tidings/react'
import { useMemo, useSyncExternalStore } from 'react'
import { NOTHING, type Recovery, SessionRecovery } from './recovery.js'

const NO_SESSION = { view: { subscribe: () => () => {}, getSnapshot: () => NOTHING }, dismiss: () => {} }

/**
 * Finds the newest job of a session again, and says what became of it while nobody looked: it runs on, it finished, or it failed. An end is
 * told once per browser; one that a page watched is not told at all; a job that begins while the page is open is only shown.
 *
 * @param sessionId The page or wizard that the job was started from, as `createJob({ sessionId })` named it. Undefined: none yet.
 * @returns The job, live, and what to say of it. Nothing is thrown: a session without a job, or of somebody else, has none.
 * @example
 * const { job, resumed, finishedWhileAway, failedWhileAway, dismiss } = useJobRecovery(sessionId)
 * if (resumed) return <p>Your generation is still running: it was at {resumed.percent}% when you came back.</p>
 * if (finishedWhileAway) return <p>It finished while you were away. <button onClick={dismiss}>Dismiss</button></p>
 * if (failedWhileAway) return <p>It failed: {job?.error?.message ?? job?.status}</p>
 */
export function useJobRecovery(sessionId: string | null | undefined): Recovery {
  const client = useTidings()
  const recovery = useMemo(() => (sessionId ? new SessionRecovery(client, sessionId) : NO_SESSION), [client, sessionId])
  const { view, dismiss } = recovery
  const state = useSyncExternalStore(view.subscribe, view.getSnapshot, () => NOTHING)
  return useMemo(() => ({ ...state, dismiss }), [state, dismiss])
}
