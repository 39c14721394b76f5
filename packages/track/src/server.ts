/**
 * The routes of a Tidings server that a reporter needs: submit, and the reports under a lease.
 * Collaborators: the environment's `fetch` and timers. A request is tried once; whether to repeat it is the caller's to say.
 */
import type { Environment } from './environment.js'
import { problemOf, TidingsProblem } from './problem.js'

/** How long a request may take. */
const REQUEST_TIMEOUT_MS = 10_000

/** An API key or a token; a function is asked before each request, so that a short token can be renewed. */
export type TokenSource = string | undefined | (() => string | undefined | Promise<string | undefined>)

export interface Wish {
  /** `none`, `pause`, `resume`, `abort`, `kill`. */
  kind: string
  number: number
  by?: string
}

/** What every report is answered with. */
export interface ReportAnswer {
  status: string
  wish: Wish
}

/** A job that is this process's to report. */
export interface Seat {
  id: string
  /** The secret of its lease. */
  lease: string
}

export class Server {
  private readonly base: string

  constructor(
    url: string,
    private readonly token: TokenSource,
    private readonly environment: Environment,
  ) {
    const { protocol } = new URL(url)
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${url} is not an http address`)
    this.base = url.replace(/\/+$/, '')
  }

  /** `body`: a submit without its mode, as JSON. The same key brings the same job and the same lease. */
  async submit(body: string, key: string): Promise<Seat> {
    const text = await this.post('/jobs', body, { 'idempotency-key': key })
    const { id, lease } = this.read<{ id: string; lease?: { token: string } }>(text)
    // A job that ended before this answer came has none left.
    if (!lease) throw new TidingsProblem({ code: 'no_lease', status: 409, message: 'the job came without a lease' })
    return { id, lease: lease.token }
  }

  /** `verb`: `progress`, `heartbeat`, `output`, `complete`, `fail`. */
  async report({ id, lease }: Seat, verb: string, body: string): Promise<ReportAnswer> {
    return this.read<ReportAnswer>(await this.post(`/jobs/${id}/${verb}`, body, { 'tidings-lease': lease }))
  }

  private async post(path: string, body: string, headers: Record<string, string>): Promise<string> {
    const tooLong = new AbortController()
    const timer = this.environment.setTimer(() => tooLong.abort(), REQUEST_TIMEOUT_MS)
    let response: Response
    let text: string
    try {
      const token = typeof this.token === 'function' ? await this.token() : this.token
      response = await this.environment.fetch(`${this.base}/api/v1${path}`, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body,
        signal: tooLong.signal,
      })
      text = await response.text()
    } catch (cause) {
      const why = tooLong.signal.aborted ? `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s` : innermost(cause)
      const message = `Tidings cannot be reached at ${this.base}: ${why}`
      throw new TidingsProblem({ code: 'unreachable', status: 0, message, cause })
    } finally {
      this.environment.clearTimer(timer)
    }
    if (!response.ok) throw problemOf(response, text)
    return text
  }

  private read<Answer>(text: string): Answer {
    try {
      return JSON.parse(text)
    } catch {
      const message = `what answers at ${this.base} is no Tidings server`
      throw new TidingsProblem({ code: 'foreign', status: 502, message })
    }
  }
}

/** `fetch failed` says nothing; what lies under it does. */
function innermost(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at.message || at.name : String(at)
}
