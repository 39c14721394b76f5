/**
 * The time, once a second, to everything on the page that ticks: they all turn at the same moment.
 * Collaborators: durations, the connection badge. Stands still while nothing looks.
 */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    now = Date.now()
    timer = setInterval(tick, 1000)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Milliseconds since 1970, moving once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}
