/**
 * Why Tidings took no request: a refusal (RFC 9457, with a stable `code`), or no answer at all.
 * Collaborators: server, which makes them; tracker and reporter, which ask whether it may pass.
 */
export class TidingsProblem extends Error {
  override readonly name = 'TidingsProblem'
  /** Stable name to branch on; `unreachable` when there was no answer. */
  readonly code: string
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** How long the server asks to wait, in milliseconds; undefined when it does not say. */
  readonly retryAfterMs: number | undefined
  /** Where the job stands, when the refusal says so. */
  readonly jobStatus: string | undefined

  constructor(problem: {
    code: string
    status: number
    message: string
    retryAfterMs?: number
    jobStatus?: string
    cause?: unknown
  }) {
    super(problem.message, problem.cause === undefined ? undefined : { cause: problem.cause })
    this.code = problem.code
    this.status = problem.status
    this.retryAfterMs = problem.retryAfterMs
    this.jobStatus = problem.jobStatus
  }

  /** Whether the same request may well be taken later: no answer, an overload, a server that starts or stops. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 425 || this.status === 429 || this.status >= 500
  }
}

/** The problem of an answer that is not 2xx, also when a proxy wrote it. */
export function problemOf(response: Response, text: string): TidingsProblem {
  const { status } = response
  let said: { code?: unknown; title?: unknown; detail?: unknown; job?: { status?: unknown } } = {}
  try {
    said = Object(JSON.parse(text))
  } catch {
    // Not ours: the status alone has to do.
  }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const words = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  return new TidingsProblem({
    code: words(said.code) ?? `http_${status}`,
    status,
    message: words(said.detail) ?? words(said.title) ?? `Tidings answered ${status}`,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
    jobStatus: words(said.job?.status),
  })
}
