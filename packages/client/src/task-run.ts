/**
 * One task from its start to its end: submits it, follows its job, reads the result, and tells each end once.
 * Collaborators: client (submit, verbs, the view of the job, who is there). Every binding's `useTask` is made of it.
 * It refuses to follow anything while nobody subscribes to its view, and to keep what belonged to somebody who signed out.
 */
import type { View } from './changes.js'
import { claim } from './claims.js'
import type { Client } from './client.js'
import type { ShownJob } from './expectations.js'
import type { JobsView } from './follow-jobs.js'
import { hasEnded, type JobsTopic } from './records.js'
import { TaskResult } from './task-result.js'
import {
  changesOf,
  endTextOf,
  isOver,
  type StartOptions,
  type TaskActions,
  type TaskCallbacks,
  type TaskState,
  type TaskTarget,
  taskStateOf,
  updateOf,
} from './task-state.js'

export * from './job-actions.js'
export {
  type Situation,
  type StartOptions,
  sentenceOf,
  type TaskActions,
  type TaskCallbacks,
  type TaskState,
  type TaskTarget,
  type TaskUpdate,
} from './task-state.js'

/**
 * @example
 * const run = new TaskRun<{ url: string }, { broken: number }>(tidings)
 * run.callbacks = { onComplete: ({ broken }) => console.log(broken), onError: console.error }
 * const end = run.view.subscribe(() => console.log(run.view.getSnapshot().message))
 * await run.actions.startTask('check-links', { url: 'https://example.org' }, { session: 'page-7' })
 */
export class TaskRun<Input = unknown, Output = unknown> {
  readonly view: View<TaskState<Output>>
  readonly actions: TaskActions<Input>
  /** Read at the moment of a call: the newest ones are told. */
  callbacks: TaskCallbacks<Output> = {}
  private state: TaskState<Output>
  private readonly listeners = new Set<() => void>()
  /** Grows when what is followed is let go of: an answer that comes later is nobody's. */
  private turn = 0
  private id: string | undefined
  private job: ShownJob | undefined
  private submitting: Promise<string | undefined> | undefined
  /** Of the submit, of a verb, of the topic, of the read. */
  private refusal: string | undefined
  private readonly result: TaskResult
  /** Settlement that was told. */
  private told = 0
  /** Taken up and not seen active: its end may have been told before this page was loaded. */
  private old = false
  private disconnected = false
  private ready = false
  private whose: string | undefined
  private endLooking: (() => void)[] = []
  private endJob: (() => void) | undefined

  /** Nothing is opened or followed before the first `view.subscribe`. */
  constructor(
    private readonly client: Client,
    private target?: TaskTarget,
  ) {
    this.result = new TaskResult(client)
    this.actions = {
      startTask: (task, input, options) => this.start(task, input, options),
      pauseTask: () => this.ask('pause'),
      resumeTask: () => this.ask('resume'),
      abortTask: () => this.ask('abort'),
      connectToTask: (id) => this.connect(id),
      disconnect: () => this.disconnect(),
    }
    this.view = { subscribe: (listener) => this.subscribe(listener), getSnapshot: () => this.snapshot() }
    this.takeTarget()
    this.state = this.build()
  }

  /**
   * Takes up the job of this id, or the newest of this topic, unless something is started: so a page that was loaded again shows its task.
   * Given again without a change it does nothing; another target lets go of the former.
   */
  autoConnect(target: TaskTarget): void {
    if (JSON.stringify(target) === JSON.stringify(this.target)) return
    this.target = target
    if (target !== undefined && target === this.id) return
    this.letGo()
    this.takeTarget()
    this.look()
  }

  private takeTarget(): void {
    if (typeof this.target !== 'string') return
    this.id = this.target
    this.old = true
  }

  private async start(task: string, input: Input, options: StartOptions = {}): Promise<string | undefined> {
    const { idempotencyKey, ...more } = options
    this.letGo()
    const { turn } = this
    const submitted = (async () => this.client.submit({ ...more, task, input }, idempotencyKey))()
    this.submitting = submitted.then(
      (job) => job.id,
      () => undefined,
    )
    this.publish()
    try {
      const job = await submitted
      if (turn === this.turn) {
        this.disconnected = this.target === false
        this.take(job)
        this.look()
      }
      return job.id
    } catch (problem) {
      if (turn === this.turn) this.refuse(problem)
      return undefined
    }
  }

  private async ask(verb: 'pause' | 'resume' | 'abort'): Promise<boolean> {
    const id = this.id ?? (await this.submitting)
    if (id === undefined) return false
    const problem = await this.client.ask(id, verb).then(
      () => undefined,
      (refused: unknown) => textOf(refused),
    )
    if (id === this.id) {
      this.refusal = problem
      this.publish()
    }
    return problem === undefined
  }

  private connect(id: string): void {
    if (id === this.id && this.endJob) return
    this.letGo()
    this.id = id
    this.look()
  }

  private disconnect(): void {
    this.turn++
    this.disconnected = true
    this.submitting = undefined
    this.endFollowing()
    this.publish()
  }

  private letGo(): void {
    this.turn++
    this.endFollowing()
    this.id = this.job = this.submitting = this.refusal = undefined
    this.old = this.disconnected = false
    this.result.forget()
    this.told = 0
  }

  private subscribe(listener: () => void): () => void {
    const own = () => listener()
    this.listeners.add(own)
    if (this.listeners.size === 1) {
      const { connection, who } = this.client
      this.endLooking = [connection.subscribe(() => this.publish()), who.subscribe(() => this.checkWho())]
      this.checkWho()
      this.look()
    }
    return () => {
      if (!this.listeners.delete(own) || this.listeners.size) return
      for (const end of this.endLooking) end()
      this.endFollowing()
    }
  }

  private snapshot(): TaskState<Output> {
    if (!this.listeners.size) this.checkWho()
    return this.state
  }

  private checkWho(): void {
    const who = this.client.who.getSnapshot()
    const key = who && JSON.stringify([who.tenant, who.subject])
    if (this.whose !== undefined && key !== this.whose) this.forget()
    this.whose = key
  }

  /** Somebody else is there, or nobody. A topic is looked at anew for whoever comes. */
  private forget(): void {
    this.letGo()
    this.look()
  }

  private endFollowing(): void {
    this.endJob?.()
    this.endJob = undefined
    this.ready = false
    this.result.rest()
  }

  /** Follows what there is to follow, and shows it. */
  private look(): void {
    this.endFollowing()
    const topic = this.topic()
    if (topic && this.listeners.size && !this.disconnected && !this.submitting) {
      const view = this.client.jobs(topic)
      this.endJob = view.subscribe(() => this.receive(view.getSnapshot()))
      this.receive(view.getSnapshot())
    } else this.publish()
  }

  private topic(): JobsTopic | undefined {
    if (this.id !== undefined) return { job: this.id }
    return typeof this.target === 'object' ? this.target : undefined
  }

  private receive(seen: JobsView): void {
    const emptied = this.ready && !seen.ready && !seen.error
    this.ready = seen.ready
    const [job] = seen.jobs
    if (emptied) this.forget()
    else if (!job) this.missing(seen.error?.message)
    else if (this.id === undefined) {
      this.take(job)
      this.old = hasEnded(job.status)
      this.look()
    } else {
      this.take(job)
      this.publish()
      this.settle(job)
    }
  }

  private missing(why: string | undefined): void {
    if (why !== undefined && why !== this.refusal) this.refuse(new Error(why))
    else this.publish()
  }

  private take(job: ShownJob): void {
    if (job.rev !== this.job?.rev) this.refusal = undefined
    if (!hasEnded(job.status)) this.old = false
    this.id = job.id
    this.job = job
    this.submitting = undefined
  }

  private refuse(problem: unknown): void {
    this.submitting = undefined
    this.refusal = textOf(problem)
    this.publish()
    this.callbacks.onError?.(this.refusal)
  }

  private settle(job: ShownJob): void {
    if (!isOver(job)) return
    if (job.status !== 'completed') this.tell(job, () => this.callbacks.onError?.(this.endText(job)))
    else if (this.result.known) this.complete(job)
    else void this.result.read(job.id, (problem) => this.complete(job, problem))
  }

  private complete(job: ShownJob, problem?: unknown): void {
    if (problem) this.refusal = textOf(problem)
    this.publish()
    if (problem) this.tell(job, () => this.callbacks.onError?.(textOf(problem)))
    else this.tell(job, () => this.callbacks.onComplete?.(this.result.value as Output))
  }

  private tell(job: ShownJob, say: () => void): void {
    const settlement = job.settlement || 1
    if (this.told >= settlement || !this.endJob) return
    this.told = settlement
    const { turn, old } = this
    const first = claim(this.client, `task-run ${job.id} ${settlement}`)
    if (!old) say()
    else void first.then((never) => never && turn === this.turn && say())
  }

  private endText(job: ShownJob): string {
    return endTextOf(job, this.callbacks.sentence)
  }

  private publish(): void {
    const before = this.state
    const state = this.build()
    const changed = changesOf(before, state)
    if (!changed.length) return
    this.state = state
    for (const listener of [...this.listeners]) listener()
    const update = updateOf(state, changed, this.client.environment.now())
    if (update) this.callbacks.onUpdate?.(update)
  }

  private build(): TaskState<Output> {
    const { id, job, refusal, result } = this
    const before = this.submitting ? 'starting' : id !== undefined ? 'looking' : undefined
    const isConnected = !!this.endJob && this.client.connection.getSnapshot().state === 'live'
    const known = job || this.submitting || refusal !== undefined || this.ready || this.disconnected
    const isLooking = !known && this.topic() !== undefined
    const facts = { id, job, before, refusal, result: result.value as Output, isConnected, isLooking } as const
    return taskStateOf<Output>(facts, this.callbacks.sentence)
  }
}

function textOf(problem: unknown): string {
  const { status } = problem as { status?: number }
  // What a proxy says, or nobody: a user is not helped by its number.
  if (status === 0 || [502, 503, 504].includes(status ?? NaN))
    return 'Tidings cannot be reached. Try again in a moment.'
  return problem instanceof Error ? problem.message : String(problem)
}
