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
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue } from 'vue'
import { useConnection } from './connection.js'
import { useTidings } from './provider.js'
import { useView } from './view.js'

/** What `useJobs` answers: the list, and the actions of its rows. */
export interface Jobs extends JobActions {
  /** Newest first. */
  jobs: ComputedRef<readonly ShownJob[]>
  /** Those of `jobs` that have not ended. */
  active: ComputedRef<readonly ShownJob[]>
  /** For a badge. */
  activeCount: ComputedRef<number>
  /** The whole state was received at least once. */
  ready: ComputedRef<boolean>
  /** The first jobs are still to come. */
  isLoading: ComputedRef<boolean>
  /** What is shown is as new as can be; `useConnection` says more. */
  isConnected: ComputedRef<boolean>
  /** There are more ended jobs than these. */
  truncated: ComputedRef<boolean>
  /** The topic was refused. */
  error: ComputedRef<JobsView['error']>
}

/** What `useJob` answers: the job, and what may be asked of it. */
export interface OneJobView extends OneJobActions {
  /** Undefined until it was received, and when there is none. */
  job: ComputedRef<ShownJob | undefined>
  /** It is known whether there is one. */
  ready: ComputedRef<boolean>
  /** The topic was refused, for example with the code `not_found`. */
  error: ComputedRef<JobsView['error']>
}

const MINE = { owner: 'me' } as const
const NO_JOBS: JobsView = { jobs: [], ready: false, truncated: false }

/**
 * The jobs of a topic, newest first, live. All components that name the same topic share one list and one subscription.
 *
 * @param topic Whose jobs; a ref or getter is followed. Default: those of whoever is signed in. Null: none yet.
 * @returns The list as refs, and the actions. The actions reject with a `TidingsProblem` when the server refuses; `error` is set when the
 * topic is refused. Nothing is shown while nobody is signed in.
 * @example
 * const { active, abort } = useJobs()
 * // <li v-for="job in active" :key="job.id">{{ job.task }} <button @click="abort(job.id)">Abort</button></li>
 */
export function useJobs(topic: MaybeRefOrGetter<JobsTopic | null> = MINE): Jobs {
  const client = useTidings()
  const named = () => toValue(topic)
  const view = useView(() => {
    const now = named()
    return now ? client.jobs(now) : undefined
  }, NO_JOBS)
  const { isConnected } = useConnection()
  const active = computed(() => activeOf(view.value.jobs))
  return {
    ...actionsOf(client),
    active,
    jobs: computed(() => view.value.jobs),
    activeCount: computed(() => active.value.length),
    ready: computed(() => view.value.ready),
    isLoading: computed(() => named() !== null && !view.value.ready && !view.value.error),
    isConnected,
    truncated: computed(() => view.value.truncated),
    error: computed(() => view.value.error),
  }
}

/**
 * One job, live: by its id, or the newest that was started from a session or is about a subject. A page that is loaded again in the middle
 * of a job shows it again at once.
 *
 * @param which A ref or getter is followed. Undefined while there is none.
 * @returns The job as a ref and its actions, which reject with a `TidingsProblem` when the server refuses.
 * @example
 * const { job, abort } = useJob(() => ({ session: props.report }))
 * // <progress v-if="job" :value="job.progress?.percentage" max="100" />
 */
export function useJob(which: MaybeRefOrGetter<OneJob | null | undefined>): OneJobView {
  const client = useTidings()
  const view = useView(() => {
    const now = toValue(which)
    return now ? client.jobs(topicOf(now)) : undefined
  }, NO_JOBS)
  const job = computed((): ShownJob | undefined => view.value.jobs[0])
  return {
    ...actionsOn(client, () => job.value?.id),
    job,
    ready: computed(() => view.value.ready),
    error: computed(() => view.value.error),
  }
}
