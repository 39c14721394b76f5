/**
 * A refusal of the server as an error. Shape: RFC 9457 with a stable `code`.
 * Collaborators: rest. Status 0 and code `unreachable` when no answer came at all.
 */
export class TidingsProblem extends Error {
  override readonly name = 'TidingsProblem'
  /** Stable name to branch on. */
  readonly code: string
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** One sentence that names the kind of problem. */
  readonly title: string
  /** What was wrong this time, for a person. */
  readonly detail: string | undefined

  constructor(problem: { code: string; status: number; title: string; detail?: string | undefined; cause?: unknown }) {
    super(problem.detail ?? problem.title, problem)
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail
  }
}

/** The problem of an answer that is not 2xx, also when a proxy wrote it. */
export function problemOf(status: number, body: string): TidingsProblem {
  let said: Record<string, unknown> = {}
  try {
    said = JSON.parse(body) ?? said
  } catch {
    // Not ours: the status alone has to do.
  }
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return new TidingsProblem({
    code: text(said.code) ?? `http_${status}`,
    status,
    title: text(said.title) ?? `The server answered ${status}.`,
    detail: text(said.detail),
  })
}
