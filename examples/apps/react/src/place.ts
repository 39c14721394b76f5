/** Where the user is: the page by the hash of the address, and a name for each page in this tab that outlives a reload. */
import { useSyncExternalStore } from 'react'

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

/** The path behind the hash: `/`, `/release`, `/jobs`. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.hash.slice(1) || '/')
}

/** The whole address of a page, for a job's link: other apps of the same server show it too. */
export function addressOf(path: string): string {
  return new URL(`#${path}`, location.href).href
}

/** The session that a page starts its jobs from. */
export function sessionOf(page: string): string {
  const name = `session of ${page}`
  const session = sessionStorage.getItem(name) ?? crypto.randomUUID()
  sessionStorage.setItem(name, session)
  return session
}
