/**
 * What the client needs of the world, handed in so that a test can move the clock and play the server.
 * Collaborators: everything that waits, draws or connects. Nothing else in this package touches a global.
 */

/** The part of a browser's `WebSocket` that is used. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason?: string }) => void) | null
  onerror: (() => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

export type SocketConstructor = new (url: string) => Socket

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number
  /** 0 up to 1. */
  random(): number
  setTimer(run: () => void, milliseconds: number): unknown
  clearTimer(timer: unknown): void
  /** Runs before the next picture is drawn. */
  frame(run: () => void): void
  /** Calls when the page is shown again or the network is back. Returns what ends it. */
  onWake(wake: () => void): () => void
  /** Different at each call: an `Idempotency-Key`. */
  uniqueKey(): string
  WebSocket: SocketConstructor | undefined
  fetch: typeof fetch
}

/** How soon a page that is not shown is told of changes. */
const HIDDEN_FRAME_MS = 250

function nextFrame(run: () => void): void {
  if (typeof requestAnimationFrame === 'function' && !document.hidden) requestAnimationFrame(run)
  else setTimeout(run, HIDDEN_FRAME_MS)
}

function onWake(wake: () => void): () => void {
  if (typeof window === 'undefined') return () => {}
  const shown = () => {
    if (!document.hidden) wake()
  }
  document.addEventListener('visibilitychange', shown)
  window.addEventListener('online', wake)
  window.addEventListener('pageshow', wake)
  return () => {
    document.removeEventListener('visibilitychange', shown)
    window.removeEventListener('online', wake)
    window.removeEventListener('pageshow', wake)
  }
}

function uniqueKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The browser, or Node where it has the same globals. */
export function browserEnvironment(): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, milliseconds) => setTimeout(run, milliseconds),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    frame: nextFrame,
    onWake,
    uniqueKey,
    WebSocket: globalThis.WebSocket as unknown as SocketConstructor | undefined,
    fetch: (...request) => globalThis.fetch(...request),
  }
}
