/**
 * The one client of this page, and the token that a person gave, kept until the tab is closed.
 * Collaborators: every component that reads or asks.
 */
import { connect, type View } from '@tidings/client'
import { useSyncExternalStore } from 'react'

const TOKEN = 'tidings.token'

/** The page may be served below a path: the API stands beside it. */
const url = new URL('.', document.baseURI).href

export const client = connect({
  url,
  token: async () => sessionStorage.getItem(TOKEN) ?? undefined,
})

/** Begins anew, so that nothing of whoever was here before is left. */
export function signIn(token: string): void {
  sessionStorage.setItem(TOKEN, token.trim())
  location.reload()
}

export function signOut(): void {
  sessionStorage.removeItem(TOKEN)
  location.reload()
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN) !== null
}

export const serverUrl = url.replace(/\/$/, '')

export function useView<Value>(view: View<Value>): Value {
  return useSyncExternalStore(view.subscribe, view.getSnapshot)
}
