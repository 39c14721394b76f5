/**
 * The client of the page: the one that the app gave, or one that is connected to the page's own origin when the first element needs it.
 * Collaborators: every element asks here unless it was given a client of its own.
 */
import { type Client, connect } from '@tidings/client'

let client: Client | undefined
/** It was made here, because nobody had given one. */
let made = false
const listeners = new Set<() => void>()

/**
 * Sets the client that the elements of this page use. Elements that are there already change over. In the script that imports the elements, it
 * comes before any of them asks for a client.
 *
 * @example
 * setClient(connect({ url: 'https://jobs.example.org', token: () => fetchToken() }))
 */
export function setClient(next: Client): void {
  if (made) client?.stop()
  made = false
  client = next
  for (const listener of [...listeners]) listener()
}

/** The page's client. Without `setClient` it is made now, for the origin of the page. */
export function pageClient(): Client {
  if (!client) {
    client = connect()
    made = true
  }
  return client
}

/** Whether somebody has given one, or one was made. */
export function hasPageClient(): boolean {
  return client !== undefined
}

/** Tells when the page gets another client. Returns what ends it. */
export function onPageClient(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
