/** A client without a server: holds the jobs that a test or the dev page puts in, and counts who watches. */
import {
  type Client,
  type ConnectionState,
  hasEnded,
  type Job,
  type JobSummary,
  type JobsTopic,
  type JobsView,
  type ListQuery,
  type Principal,
  type SubmitRequest,
  TidingsProblem,
  type Verb,
  type View,
} from '@tidings/client'

type Listener = () => void

/** A value that tells at once. */
class Told<Value> implements View<Value> {
  readonly listeners = new Set<Listener>()

  constructor(private value: Value) {}

  readonly subscribe = (listener: Listener) => {
    const own = () => listener()
    this.listeners.add(own)
    return () => {
      this.listeners.delete(own)
    }
  }

  readonly getSnapshot = () => this.value

  set(value: Value): void {
    this.value = value
    for (const listener of [...this.listeners]) listener()
  }
}

interface Timer {
  at: number
  run: () => void
}

export class FakeClient {
  time = Date.parse('2026-11-22T10:00:00Z')
  seen = true
  readonly asked: string[] = []
  readonly submitted: SubmitRequest[] = []
  readonly listed: ListQuery[] = []
  reconnects = 0
  readonly name = 'tidings'
  /** What the server would refuse. */
  refusal: TidingsProblem | undefined
  truncated = false
  older: JobSummary[] = []
  readonly connection = new Told<ConnectionState>({ state: 'live', since: this.time })
  readonly who = new Told<Principal | undefined>({ subject: 'ann', tenant: 'default', scopes: [], tenantWide: false })
  private readonly held = new Map<string, JobSummary>()
  private readonly views = new Map<string, { topic: JobsTopic; view: Told<JobsView> }>()
  private readonly settled = new Set<{ topic: JobsTopic; told: (job: JobSummary) => void }>()
  private readonly timers = new Map<number, Timer>()
  private last = 0

  readonly environment = {
    now: () => this.time,
    setTimer: (run: () => void, milliseconds: number): unknown => {
      this.timers.set(++this.last, { at: this.time + milliseconds, run })
      return this.last
    },
    clearTimer: (timer: unknown): void => void this.timers.delete(timer as number),
    visible: () => this.seen,
    onPage: () => () => {},
    locks: undefined,
    local: undefined,
  }

  /** As the elements take it. */
  get client(): Client {
    return this as unknown as Client
  }

  /** Listeners and timers that are left. */
  get watchers(): number {
    const ofViews = [...this.views.values()].reduce((sum, { view }) => sum + view.listeners.size, 0)
    const around = this.connection.listeners.size + this.who.listeners.size
    return ofViews + around + this.settled.size + this.timers.size
  }

  jobs(topic: JobsTopic): View<JobsView> {
    const key = JSON.stringify(topic)
    let entry = this.views.get(key)
    if (!entry) {
      entry = { topic, view: new Told(this.snapshot(topic)) }
      this.views.set(key, entry)
    }
    return entry.view
  }

  put(...jobs: JobSummary[]): void {
    for (const job of jobs) {
      const before = this.held.get(job.id)
      this.held.set(job.id, job)
      if (hasEnded(job.status) && before && !hasEnded(before.status)) {
        for (const { topic, told } of this.settled) if (fits(topic, job)) told(job)
      }
    }
    this.tell()
  }

  remove(id: string): void {
    this.held.delete(id)
    this.tell()
  }

  empty(): void {
    this.held.clear()
    this.tell()
  }

  get(id: string): JobSummary | undefined {
    return this.held.get(id)
  }

  onSettled(topic: JobsTopic, told: (job: JobSummary) => void): () => void {
    const entry = { topic, told }
    this.settled.add(entry)
    return () => {
      this.settled.delete(entry)
    }
  }

  async submit(request: SubmitRequest): Promise<Job> {
    this.submitted.push(request)
    if (this.refusal) throw this.refusal
    const { task, title, session, subject, link } = request
    const job = makeJob(`job_new${this.submitted.length}`, { task, title, session, subject, link, status: 'pending' })
    this.put(job)
    return job as Job
  }

  async ask(id: string, verb: Verb): Promise<JobSummary | undefined> {
    this.asked.push(`${verb} ${id}`)
    if (this.refusal) throw this.refusal
    return this.held.get(id)
  }

  async list(query: ListQuery) {
    this.listed.push(query)
    if (this.refusal) throw this.refusal
    return { jobs: this.older, cursor: undefined }
  }

  reconnect(): void {
    this.reconnects++
  }

  /** Moves the clock and runs what is due, in order; then lets everything draw. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.time + milliseconds
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.time = Math.max(this.time, due[1].at)
      due[1].run()
      await drawn()
    }
    this.time = until
    await drawn()
  }

  private tell(): void {
    for (const { topic, view } of this.views.values()) view.set(this.snapshot(topic))
  }

  private snapshot(topic: JobsTopic): JobsView {
    const jobs = [...this.held.values()].filter((job) => fits(topic, job)).reverse()
    const missing = 'job' in topic && jobs.length === 0 && this.held.size > 0
    return {
      jobs,
      ready: true,
      truncated: this.truncated,
      ...(missing && { error: { code: 'not_found', message: 'There is no such job.' } }),
    }
  }
}

function fits(topic: JobsTopic, job: JobSummary): boolean {
  if ('job' in topic) return job.id === topic.job
  if ('session' in topic) return job.session === topic.session
  if ('subject' in topic) return job.subject?.type === topic.subject.type && job.subject.id === topic.subject.id
  if ('task' in topic) return job.task === topic.task
  if ('tag' in topic) return !!job.tags?.includes(topic.tag)
  if ('owner' in topic) return topic.owner === 'me' || job.owner === topic.owner
  return true
}

/** Lets what was scheduled be drawn: promises of promises settle, too. */
export async function drawn(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve()
}

const VERBS: Record<string, Verb[]> = {
  scheduled: ['run-now', 'pause', 'abort'],
  pending: ['pause', 'abort'],
  running: ['pause', 'abort', 'kill'],
  paused: ['resume', 'abort', 'kill'],
  waiting: ['abort'],
  retrying: ['run-now', 'pause', 'abort'],
  completed: ['rerun', 'delete'],
}

export function makeJob(id: string, more: Partial<JobSummary> = {}): JobSummary {
  const status = more.status ?? 'running'
  const started = status !== 'pending' && status !== 'scheduled'
  return {
    id,
    task: 'check-links',
    mode: 'process',
    status,
    rev: 1,
    settlement: 1,
    attempt: started ? 1 : 0,
    tenant: 'default',
    owner: 'ann',
    verbs: VERBS[status] ?? ['retry', 'rerun', 'delete'],
    createdAt: '2026-11-22T09:58:00Z',
    ...(started && { startedAt: '2026-11-22T09:58:10Z' }),
    ...(hasEnded(status) && { endedAt: '2026-11-22T09:59:30Z' }),
    ...more,
  } as JobSummary
}

export function refusedBecause(detail: string): TidingsProblem {
  return new TidingsProblem({ code: 'not_allowed', status: 409, title: 'Not now.', detail })
}
