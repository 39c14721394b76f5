/** Whether the page is as narrow as a phone: list and job are then views of their own. The same width stands in `layout.css`. */
import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 760px)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

export function isNarrow(): boolean {
  return narrow.matches
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, isNarrow)
}
