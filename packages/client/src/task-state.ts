/**
 * How a task is shown and what is told of it: the shapes behind every binding's `useTask`, and its state made of what is known.
 * Collaborators: task-run knows and acts. Nothing here keeps, waits or asks.
 */
import type { ShownJob } from './expectations.js'
import { hasEnded, type JobsTopic, type Progress, type Status, type SubmitRequest } from './records.js'

/** What a task looks like now. The same object until something changes. */
export interface TaskState<Output = unknown> {
  /** Id of the job; undefined before a submit was answered and when nothing was started. */
  taskId: string | undefined
  /** `idle` before anything was started; `failed` also for a submit that was refused; else the status of the job. */
  status: Status | 'idle'
  progress: Progress | undefined
  /** One line for a person: what the task last said, else what its status means. Empty while idle. */
  message: string
  /** Why it ended without success, or why the server refused what was asked last. */
  error: string | undefined
  /** What the task answered; undefined until it was read. */
  result: Output | undefined
  /** The connection is live and this task is followed: what is shown is as new as can be. */
  isConnected: boolean
  /** It is not known yet whether there is a task to take up: hold a start button back. */
  isLooking: boolean
  /** The whole record, with the `verbs` that may be asked now. */
  job: ShownJob | undefined
}

/** What `onUpdate` is told: the new state, when, and what changed most. */
export interface TaskUpdate<Output = unknown> extends TaskState<Output> {
  type: 'status' | 'progress' | 'error' | 'result'
  /** RFC 3339, by the clock of this browser. */
  timestamp: string
}

/** An end is told once per settlement: a retried job is told again. */
export interface TaskCallbacks<Output = unknown> {
  /** The task completed and its result was read. */
  onComplete?(result: Output): void
  /** It ended in any other way, or could not be started: one sentence. */
  onError?(error: string): void
  /** Anything that is shown has changed, except the connection. */
  onUpdate?(update: TaskUpdate<Output>): void
  /** Other words where the task says nothing itself, for example in another language. Default: `sentenceOf`. */
  sentence?(of: Situation): string
}

/** The status of a job, or what comes before: the submit is under way, or the job is looked for. */
export interface Situation {
  status: Status | 'starting' | 'looking'
  reason?: string
}

/** A job's id, or a topic whose newest job is taken up. False: a started task is not followed before `connectToTask`. */
export type TaskTarget = string | JobsTopic | boolean | undefined

/** What a start may say beside task and input. */
export interface StartOptions extends Omit<SubmitRequest, 'task' | 'input' | 'mode'> {
  /** The same key never starts two jobs. Default: a new one for each call. */
  idempotencyKey?: string
}

/** They need no `this`, and none of them rejects. */
export interface TaskActions<Input = unknown> {
  /**
   * Submits and follows; lets go of what was followed before. Answers the id, or undefined when the submit was refused: then `status` is
   * `failed`, `error` says why, and `onError` was told.
   */
  startTask(task: string, input: Input, options?: StartOptions): Promise<string | undefined>
  /** Asks for a pause. Answers whether the server took it; if not, `error` says why. Before the submit is answered, it waits for that. */
  pauseTask(): Promise<boolean>
  resumeTask(): Promise<boolean>
  abortTask(): Promise<boolean>
  /** Follows a job that exists. Its end is told even if it has ended already. Its task need not be named, and is not looked at. */
  connectToTask(id: string, task?: string): void
  /** Follows nothing more. The job goes on, and what was shown last stays. */
  disconnect(): void
}

const SENTENCES: Record<string, string> = {
  starting: 'It is being started.',
  looking: 'Looking for it.',
  scheduled: 'It starts later.',
  pending: 'It waits for its turn.',
  running: 'It is running.',
  paused: 'It is paused.',
  waiting: 'It waits for an answer.',
  retrying: 'It will be tried again.',
  completed: 'It is done.',
  failed: 'It failed.',
  aborted: 'It was aborted.',
  timed_out: 'It took too long and was stopped.',
  lost: 'What ran it was lost.',
}
/** What a task said last tells nothing of these. */
const BETWEEN_RUNS: ReadonlySet<string> = new Set(['scheduled', 'pending', 'retrying'])

/** A status as a sentence, with its reason. */
export function sentenceOf({ status, reason }: Situation): string {
  const sentence = SENTENCES[status] ?? `${status.replaceAll('_', ' ')}.`
  return reason ? `${sentence.slice(0, -1)} (${reason.replaceAll('_', ' ')}).` : sentence
}

/** Whether a job has ended. An end that is only expected, because it was asked for, is none. */
export function isOver(job: ShownJob): boolean {
  return hasEnded(job.status) && job.asking !== 'abort' && job.asking !== 'kill'
}

/** Why a job ended without success. */
export function endTextOf(job: ShownJob, sentence = sentenceOf): string {
  return job.error?.message ?? sentence(job)
}

/** What is known of a task. */
export interface TaskFacts<Output> extends Pick<TaskState<Output>, 'job' | 'result' | 'isConnected' | 'isLooking'> {
  id: string | undefined
  /** What there is before there is a job. */
  before: 'starting' | 'looking' | undefined
  refusal: string | undefined
}

export function taskStateOf<Output>(facts: TaskFacts<Output>, sentence = sentenceOf): TaskState<Output> {
  const { id, job, before, refusal, result, isConnected, isLooking } = facts
  const failed = job && isOver(job) && job.status !== 'completed'
  const state = { taskId: id, progress: job?.progress, result, isConnected, isLooking, job }
  if (job) {
    const said = failed || BETWEEN_RUNS.has(job.status) ? undefined : job.progress?.message
    const error = refusal ?? (failed ? endTextOf(job, sentence) : undefined)
    return { ...state, status: job.status, message: said || sentence(job), error }
  }
  if (refusal !== undefined) return { ...state, status: 'failed', message: '', error: refusal }
  const message = before ? sentence({ status: before }) : ''
  return { ...state, status: before ? 'pending' : 'idle', message, error: undefined }
}

export function changesOf(before: TaskState, after: TaskState): (keyof TaskState)[] {
  return (Object.keys(after) as (keyof TaskState)[]).filter((key) => after[key] !== before[key])
}

/** What is told of these changes at a time in milliseconds since 1970; undefined when only the connection changed. */
export function updateOf<Output>(
  state: TaskState<Output>,
  changed: readonly (keyof TaskState)[],
  now: number,
): TaskUpdate<Output> | undefined {
  if (changed.every((key) => key === 'isConnected' || key === 'isLooking')) return undefined
  const of = (key: keyof TaskState) => changed.includes(key) && state[key] !== undefined
  const type = of('result') ? 'result' : of('error') ? 'error' : of('status') ? 'status' : 'progress'
  return { ...state, type, timestamp: new Date(now).toISOString() }
}
