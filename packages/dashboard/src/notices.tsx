/**
 * Short words at the foot of the page: what was refused, what was done.
 * Collaborators: whoever asks the server something. A refusal stays until it is put away, other words leave by themselves.
 */
import { TidingsProblem } from '@tidings/client'
import { useSyncExternalStore } from 'react'
import { Icon } from './icons.js'

interface Notice {
  key: number
  kind: 'said' | 'refused'
  text: string
}

const SAID_MS = 4000
const MOST = 4

let notices: readonly Notice[] = []
let last = 0
const listeners = new Set<() => void>()

function set(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

function add(kind: Notice['kind'], text: string): void {
  const key = ++last
  set([...notices, { key, kind, text }].slice(-MOST))
  if (kind === 'said') setTimeout(() => putAway(key), SAID_MS)
}

function putAway(key: number): void {
  set(notices.filter((notice) => notice.key !== key))
}

export function say(text: string): void {
  add('said', text)
}

/** `what` is what was tried, such as "Pause". */
export function sayRefused(what: string, error: unknown): void {
  add('refused', `${what}: ${problemText(error)}`)
}

/** What went wrong, as a sentence for a person. */
export function problemText(error: unknown): string {
  if (error instanceof TidingsProblem) return error.detail ? `${error.title} ${error.detail}` : error.title
  return error instanceof Error ? error.message : String(error)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices)
  return (
    <div className="notices">
      {shown.map((notice) => (
        <div
          key={notice.key}
          className={`notice notice-${notice.kind}`}
          role={notice.kind === 'refused' ? 'alert' : 'status'}
        >
          <span>{notice.text}</span>
          <button type="button" className="quiet" onClick={() => putAway(notice.key)} aria-label="Put away">
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
