/**
 * What a tracker needs of the world, handed in so that a test can move the clock.
 * Collaborators: everything that waits or sends. Nothing else in this package touches a global.
 */
export interface Environment {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** 0 up to 1. */
  random(): number
  setTimer(run: () => void, milliseconds: number): unknown
  clearTimer(timer: unknown): void
  /** Different at each call: an `Idempotency-Key`. */
  uniqueKey(): string
  fetch: typeof fetch
  /** Where the tracker says what the operator of the app should know; one line each. */
  warn(line: string): void
}

export function nodeEnvironment(): Environment {
  return {
    now: () => performance.now(),
    random: () => Math.random(),
    setTimer: (run, milliseconds) => setTimeout(run, milliseconds),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    uniqueKey: () => crypto.randomUUID(),
    fetch: (...request) => globalThis.fetch(...request),
    warn: (line) => console.warn(line),
  }
}

/** Resolves after this time, or as soon as `early` is aborted. */
export function pass(environment: Environment, milliseconds: number, early?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      environment.clearTimer(timer)
      early?.removeEventListener('abort', done)
      resolve()
    }
    const timer = environment.setTimer(done, milliseconds)
    if (early?.aborted) done()
    else early?.addEventListener('abort', done)
  })
}
