/**
 * What to do when a connection ends, by close code, and how long to wait.
 * Collaborators: connection, the links that have no codes of their own. The codes are those of `docs/protocol.md`; one that is not known
 * goes by its band.
 */

const CODES: Record<string, number> = {
  done: 1000,
  going_away: 4000,
  log_replaced: 4001,
  overloaded: 4002,
  too_slow: 4003,
  token_expired: 4100,
  identity_changed: 4101,
  unauthenticated: 4200,
  forbidden_origin: 4201,
  bad_frame: 4202,
  too_many_connections: 4203,
  auth_timeout: 4204,
}

/** What a browser calls a connection that ended without a word. */
export const LOST = 1006
/** Ours, never sent: connect again at once and go on where each subscription stands. */
export const REJOIN = 0

/** The code that a stream or a poll would have ended with, by the name or the HTTP status that it was refused with. */
export function codeOf(name: string | undefined, status = 0): number {
  const known = name === undefined ? undefined : CODES[name]
  if (known) return known
  if (status === 401) return CODES.unauthenticated
  // Without a code of ours it is not our server that answers.
  if (status === 429 || status >= 500 || name?.startsWith('http_')) return CODES.overloaded
  return status >= 400 ? CODES.bad_frame : LOST
}

export interface Closing {
  /** `retry` waits; `refresh` asks for a new token first; `stop` waits for a person. */
  next: 'rejoin' | 'retry' | 'refresh' | 'stop'
  reason: string
  /** Positions are worth nothing any more. */
  forget: boolean
  /** What is held belongs to somebody else, or to nobody any more. */
  empty: boolean
}

export function closingOf(code: number): Closing {
  const band = Math.floor(code / 100)
  const next = code === REJOIN ? 'rejoin' : code === 1000 || band === 42 ? 'stop' : band === 41 ? 'refresh' : 'retry'
  const known = Object.keys(CODES).find((name) => CODES[name] === (code === 1001 ? CODES.going_away : code))
  return {
    next,
    reason: known ?? (code >= 4000 ? `close_${code}` : 'connection_lost'),
    forget: code === CODES.log_replaced,
    empty: code === CODES.identity_changed || code === CODES.unauthenticated,
  }
}

export const BACKOFF_BASE_MS = 500
export const BACKOFF_CAP_MS = 20_000

/**
 * Full jitter: anywhere between nothing and a bound that doubles with each failure in a row, counted from 0.
 * Source: M. Brooker, "Exponential Backoff And Jitter".
 */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 16))
}
