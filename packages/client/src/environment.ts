/**
 * What the client needs of the world, handed in so that a test can move the clock and play server, tabs and storage.
 * Collaborators: everything that waits, draws, connects or keeps. Nothing else in this package touches a global.
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

/** The part of a browser's `BroadcastChannel` that is used. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

/** The part of a browser's `LockManager` (Web Locks) that is used. */
export interface Locks {
  request(
    name: string,
    options: { ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal },
    held: (lock: unknown) => unknown,
  ): Promise<unknown>
}

/** The part of a browser's `Storage` that is used. */
export type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface PageEvents {
  /** The page is shown again or thawed, the network is back or gone. */
  wake(): void
  /** The page is about to be frozen, kept for the back button, or left. */
  hide(): void
}

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number
  /** 0 up to 1. */
  random(): number
  setTimer(run: () => void, milliseconds: number): unknown
  clearTimer(timer: unknown): void
  /** Runs before the next picture is drawn. */
  frame(run: () => void): void
  /** Returns what ends the calls. */
  onPage(events: PageEvents): () => void
  /** Whether a person can see the page now. */
  visible(): boolean
  /** Different at each call: an `Idempotency-Key`, the name of a tab. */
  uniqueKey(): string
  fetch: typeof fetch
  /** Absent where there is none: then streams are used. */
  WebSocket: SocketConstructor | undefined
  /** Absent: this page connects alone. */
  locks: Locks | undefined
  /** Absent: this page connects alone. */
  channel: ((name: string) => Channel) | undefined
  /** Lives as long as the tab; absent or full: nothing survives a reload. */
  session: Keep | undefined
  /** Shared by the tabs of a browser; absent or full: nothing is known of what settled while the page was closed. */
  local: Keep | undefined
}

/** How soon a page that is not shown is told of changes. */
const HIDDEN_FRAME_MS = 250

const hasPage = () => typeof document !== 'undefined'
const visible = () => hasPage() && !document.hidden

/** A picture that is asked for just before the page is hidden is never drawn: the timer sees to it then. */
function nextFrame(run: () => void): void {
  if (typeof requestAnimationFrame === 'function' && visible()) requestAnimationFrame(run)
  setTimeout(run, hasPage() ? HIDDEN_FRAME_MS : 0)
}

/** Page Lifecycle: a page that is hidden for good, frozen or kept gives up its connection, and takes it up when it is back. */
function onPage({ wake, hide }: PageEvents): () => void {
  if (!hasPage()) return () => {}
  const shown = () => {
    if (visible()) wake()
  }
  const heard: [EventTarget, string, () => void][] = [
    [document, 'visibilitychange', shown],
    [document, 'freeze', hide],
    [document, 'resume', wake],
    [window, 'pagehide', hide],
    [window, 'pageshow', wake],
    [window, 'online', wake],
    // A live connection has to answer then, or is given up within seconds.
    [window, 'offline', wake],
  ]
  for (const [target, name, hear] of heard) target.addEventListener(name, hear)
  return () => {
    for (const [target, name, hear] of heard) target.removeEventListener(name, hear)
  }
}

function uniqueKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A browser that forbids storage throws when it is named. */
function storage(name: 'sessionStorage' | 'localStorage'): Keep | undefined {
  try {
    return hasPage() ? globalThis[name] : undefined
  } catch {
    return undefined
  }
}

/** The system's clock, in milliseconds since 1970. */
export const systemNow = (): number => Date.now()

/** The browser, or Node where it has the same globals. */
export function browserEnvironment(): Environment {
  const page = hasPage()
  return {
    now: systemNow,
    random: () => Math.random(),
    setTimer: (run, milliseconds) => setTimeout(run, milliseconds),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    frame: nextFrame,
    onPage,
    visible,
    uniqueKey,
    fetch: (...request) => globalThis.fetch(...request),
    WebSocket: globalThis.WebSocket as unknown as SocketConstructor | undefined,
    locks: page ? (globalThis.navigator?.locks as Locks | undefined) : undefined,
    channel: page && globalThis.BroadcastChannel ? (name) => new BroadcastChannel(name) as Channel : undefined,
    session: storage('sessionStorage'),
    local: storage('localStorage'),
  }
}
