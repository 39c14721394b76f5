/**
 * What to do when a connection ends, by close code, and how long to wait.
 * Collaborators: connection. The codes are those of `docs/protocol.md`; one that is not known goes by its band.
 */

const NAMES: Record<number, string> = {
  1000: 'done',
  1001: 'going_away',
  4000: 'going_away',
  4001: 'log_replaced',
  4002: 'overloaded',
  4003: 'too_slow',
  4100: 'token_expired',
  4101: 'identity_changed',
  4200: 'unauthenticated',
  4201: 'forbidden_origin',
  4202: 'bad_frame',
  4203: 'too_many_connections',
  4204: 'auth_timeout',
}

export interface Closing {
  /** `retry` waits; `refresh` asks for a new token first; `stop` waits for a person. */
  next: 'retry' | 'refresh' | 'stop'
  reason: string
  /** Positions are worth nothing any more. */
  forget: boolean
  /** What is held belongs to somebody else. */
  empty: boolean
}

export function closingOf(code: number): Closing {
  const stop = code === 1000 || (code >= 4200 && code < 4300)
  const refresh = code >= 4100 && code < 4200
  return {
    next: stop ? 'stop' : refresh ? 'refresh' : 'retry',
    reason: NAMES[code] ?? (code >= 4000 ? `close_${code}` : 'connection_lost'),
    forget: code === 4001,
    empty: code === 4101,
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
