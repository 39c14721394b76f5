/**
 * The REST routes that an app asks: submit, list, read, verbs.
 * Collaborators: the token callback, `whoami` makes the requests. Every refusal is a `TidingsProblem`.
 */
import type { TokenSource } from './connection.js'
import type { Environment } from './environment.js'
import type { TidingsProblem } from './problem.js'
import type { Job, JobEvent, JobList, JobSummary, ListQuery, Me, OutputPage, SubmitRequest, Verb } from './records.js'
import type { WhoAmI } from './whoami.js'

export interface RequestOptions {
  /** Absent values are left out. */
  query?: object
  /** JSON text. */
  body?: string
  idempotencyKey?: string
  signal?: AbortSignal
}

export class Rest {
  readonly #requests: WhoAmI
  readonly #token: TokenSource
  readonly #world: Pick<Environment, 'uniqueKey'>

  constructor(requests: WhoAmI, token: TokenSource, world: Pick<Environment, 'uniqueKey'>) {
    this.#requests = requests
    this.#token = token
    this.#world = world
  }

  /** Any route below `/api/v1`, its answer as text: numbers in it are not rounded. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    const { body, idempotencyKey, signal } = options
    const given = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined && value !== '')
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
    const headers: Record<string, string> = {}
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (idempotencyKey) headers['idempotency-key'] = idempotencyKey
    const place = path + (query && `?${query}`)
    const ask = async (refused: boolean) =>
      this.#requests.request(place, await this.#token(refused), { method, headers, body, signal })
    const response = await ask(false).catch((problem: TidingsProblem) => {
      // A token that was kept too long: nothing was done yet, so it is asked once more with another.
      if (problem.status === 401) return ask(true)
      throw problem
    })
    return response.text()
  }

  /** Answers the new job, or the one that the same key made before. */
  submit(request: SubmitRequest, idempotencyKey: string = this.#world.uniqueKey()): Promise<Job> {
    const body = JSON.stringify(request)
    return this.#json('POST', '/jobs', { body, idempotencyKey })
  }

  list(query: ListQuery = {}): Promise<JobList> {
    return this.#json('GET', '/jobs', { query })
  }

  get(id: string): Promise<Job> {
    return this.#json('GET', at(id))
  }

  async events(id: string): Promise<JobEvent[]> {
    return (await this.#json<{ events: JobEvent[] }>('GET', `${at(id)}/events`)).events
  }

  output(id: string, query: { attempt?: number; offset?: number; limit?: number } = {}): Promise<OutputPage> {
    return this.#json('GET', `${at(id)}/output`, { query })
  }

  me(): Promise<Me> {
    return this.#json('GET', '/me')
  }

  /** Asks a verb; answers the job as of now, with its wish when it was only asked. `delete` answers nothing. */
  async ask(id: string, verb: Verb): Promise<JobSummary | undefined> {
    if (verb === 'delete') {
      await this.request('DELETE', at(id))
      return undefined
    }
    return this.#json('POST', `${at(id)}/${verb}`, { body: '{}' })
  }

  readonly pause = (id: string) => this.ask(id, 'pause')
  readonly resume = (id: string) => this.ask(id, 'resume')
  readonly abort = (id: string) => this.ask(id, 'abort')
  readonly kill = (id: string) => this.ask(id, 'kill')
  readonly retry = (id: string) => this.ask(id, 'retry')
  /** A new job with the same input. */
  readonly rerun = (id: string) => this.ask(id, 'rerun')
  readonly runNow = (id: string) => this.ask(id, 'run-now')
  readonly delete = (id: string) => this.ask(id, 'delete')

  async #json<Answer>(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    return JSON.parse(await this.request(method, path, options)) as Answer
  }
}

function at(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`
}
