/**
 * Jobs in a component: a list that all components share, one job, and what may be asked of them.
 * Collaborators: the views of the client, its actions. A topic is followed while a component that shows it is mounted.
 */
import type { JobsTopic, JobsView, ShownJob } from '@tidings/client'
import {
  actionsOf,
  actionsOn,
  activeOf,
  type JobActions,
  type OneJob,
  type OneJobActions,
  topicOf,
} from '@tidings/client/task-run'
import { useMemo } from 'react'
import { useConnection } from './connection.js'
import { useTidings } from './provider.js'
import { useNewest, useTopic } from './view.js'

/** What `useJobs` answers: the list, and the actions of its rows. */
export interface Jobs extends JobsView, JobActions {
  /** Those of `jobs` that have not ended. */
  active: readonly ShownJob[]
  /** For a badge. */
  activeCount: number
  /** The first jobs are still to come. */
  isLoading: boolean
  /** What is shown is as new as can be; `useConnection` says more. */
  isConnected: boolean
}

/** What `useJob` answers: the job, and what may be asked of it. */
export interface OneJobView extends OneJobActions {
  /** Undefined until it was received, and when there is none. */
  job: ShownJob | undefined
  /** It is known whether there is one. */
  ready: boolean
  /** The topic was refused, for example with the code `not_found`. */
  error: JobsView['error']
}

const MINE = { owner: 'me' } as const

/**
 * The jobs of a topic, newest first, live. All components that name the same topic share one list and one subscription.
 *
 * @param topic Whose jobs. Default: those of whoever is signed in. Null: none yet.
 * @returns The list and the actions. The actions reject with a `TidingsProblem` when the server refuses; `error` is set when the topic is
 * refused. Nothing is shown while nobody is signed in.
 * @example
 * const { active, abort } = useJobs()
 * return active.map((job) => <li key={job.id}>{job.task} <button onClick={() => abort(job.id)}>Abort</button></li>)
 */
export function useJobs(topic: JobsTopic | null = MINE): Jobs {
  const client = useTidings()
  const view = useTopic(client, topic ?? undefined)
  const actions = useMemo(() => actionsOf(client), [client])
  const { isConnected } = useConnection()
  const isLoading = topic !== null && !view.ready && !view.error
  return useMemo(() => {
    const active = activeOf(view.jobs)
    return { ...view, ...actions, active, activeCount: active.length, isLoading, isConnected }
  }, [view, actions, isLoading, isConnected])
}

/**
 * One job, live: by its id, or the newest that was started from a session or is about a subject. A page that is loaded again in the middle
 * of a job shows it again at once.
 *
 * @param which Undefined while there is none.
 * @returns The job and its actions, which reject with a `TidingsProblem` when the server refuses.
 * @example
 * const { job, abort } = useJob({ session: reportId })
 * if (job) return <progress value={job.progress?.percentage} max={100} />
 */
export function useJob(which: OneJob | null | undefined): OneJobView {
  const client = useTidings()
  const { jobs, ready, error } = useTopic(client, which ? topicOf(which) : undefined)
  const [job] = jobs
  const newest = useNewest(job?.id)
  const actions = useMemo(() => actionsOn(client, () => newest.current), [client, newest])
  return useMemo(() => ({ job, ready, error, ...actions }), [job, ready, error, actions])
}
