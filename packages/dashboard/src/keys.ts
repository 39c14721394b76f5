/**
 * One key for each action.
 * Collaborators: app hands in what the keys do. Keys typed into a field, or with a modifier, are left alone.
 */
import { useEffect, useRef } from 'react'

export interface Keys {
  move(step: 1 | -1): void
  open(): void
  close(): void
  pauseOrResume(): void
  abort(): void
  retry(): void
  start(): void
  clear(): void
  search(): void
  help(): void
}

export const KEY_WORDS: [string, string][] = [
  ['j', 'next job'],
  ['k', 'previous job'],
  ['Enter', 'open the job'],
  ['p', 'pause or resume'],
  ['a', 'abort'],
  ['r', 'retry'],
  ['n', 'start a job'],
  ['c', 'clear ended jobs'],
  ['/', 'search'],
  ['Esc', 'close the job'],
  ['?', 'show these keys'],
]

const ACTIONS: Record<string, (keys: Keys) => void> = {
  j: (keys) => keys.move(1),
  k: (keys) => keys.move(-1),
  o: (keys) => keys.open(),
  p: (keys) => keys.pauseOrResume(),
  a: (keys) => keys.abort(),
  r: (keys) => keys.retry(),
  n: (keys) => keys.start(),
  c: (keys) => keys.clear(),
  '/': (keys) => keys.search(),
  '?': (keys) => keys.help(),
  Escape: (keys) => keys.close(),
}

export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      const target = event.target as HTMLElement
      if (target.closest('input, textarea, select, dialog, [contenteditable]')) {
        if (event.key === 'Escape' && target.matches('input')) target.blur()
        return
      }
      const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : undefined
      if (!action) return
      event.preventDefault()
      action(latest.current)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
