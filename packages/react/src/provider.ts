/**
 * Which client the hooks of a tree use.
 * Collaborators: every hook asks `useTidings`. It opens nothing: a client connects when the first topic is followed.
 */
import { type Client, connect } from '@tidings/client'
import { createContext, createElement, type ReactNode, useContext } from 'react'

const Given = createContext<Client | undefined>(undefined)

let sameOrigin: Client | undefined

/**
 * Gives a client to all hooks below. Needed for a server elsewhere, or for tokens; without it they use `connect()`, the origin of the page.
 *
 * @example
 * const tidings = connect({ url: 'https://jobs.example.org', token })
 * createRoot(root).render(<TidingsProvider client={tidings}><App /></TidingsProvider>)
 */
export function TidingsProvider({ client, children }: { client: Client; children?: ReactNode }): ReactNode {
  return createElement(Given.Provider, { value: client }, children)
}

/**
 * The client of this tree: for `submit`, `list`, and whatever has no hook.
 *
 * @example
 * const tidings = useTidings()
 * const start = () => tidings.submit({ task: 'check-links', input: { url } })
 */
export function useTidings(): Client {
  const given = useContext(Given)
  if (given) return given
  sameOrigin ??= connect()
  return sameOrigin
}
