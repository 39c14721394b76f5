/**
 * Requests with a token, and who that token names.
 * Collaborators: rest, the links over requests, the sharing of one connection. It remembers the last answer for a token, so that an attempt
 * costs one question; where a cookie says who is there, it asks each time.
 */
import type { Environment } from './environment.js'
import { problemOf, TidingsProblem } from './problem.js'
import type { Me } from './records.js'

export class WhoAmI {
  #last: { token: string; me: Me } | undefined

  readonly #world: Pick<Environment, 'fetch'>
  readonly #base: string

  /** `base` is the address of the server, without `/api/v1`. */
  constructor(world: Pick<Environment, 'fetch'>, base: string) {
    this.#world = world
    this.#base = base
  }

  of(token: string | undefined): Promise<Me> {
    if (token !== undefined && this.#last?.token === token) return Promise.resolve(this.#last.me)
    const answer = this.request('/me', token).then((response) => response.json() as Promise<Me>)
    return answer.then((me) => {
      if (token !== undefined) this.#last = { token, me }
      return me
    })
  }

  /** Answers what is 2xx; throws a `TidingsProblem` for everything else, but what the caller's own signal ended. */
  async request(path: string, token: string | undefined, init: RequestInit = {}): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', ...(init.headers as Record<string, string>) }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    let response: Response
    try {
      response = await this.#world.fetch(`${this.#base}/api/v1${path}`, { ...init, headers })
    } catch (cause) {
      if (init.signal?.aborted) throw cause
      throw new TidingsProblem({ code: 'unreachable', status: 0, title: 'The server could not be reached.', cause })
    }
    if (response.ok) return response
    throw problemOf(response.status, await response.text().catch(() => ''))
  }
}
