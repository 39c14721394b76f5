/**
 * Which client the composables of an app use.
 * Collaborators: every composable asks `useTidings`. It opens nothing: a client connects when the first topic is followed.
 */
import { type Client, connect } from '@tidings/client'
import { hasInjectionContext, type InjectionKey, inject, type ObjectPlugin } from 'vue'

/** For `provide`, where a part of an app uses another client. */
export const tidingsKey: InjectionKey<Client> = Symbol('tidings')

let sameOrigin: Client | undefined

/**
 * Gives a client to all composables of an app. Needed for a server elsewhere, or for tokens; without it they use `connect()`, the origin of
 * the page.
 *
 * @example
 * createApp(App).use(createTidings({ client: connect({ url: 'https://jobs.example.org', token }) })).mount('#app')
 */
export function createTidings({ client }: { client: Client }): ObjectPlugin {
  return { install: (app) => void app.provide(tidingsKey, client) }
}

/**
 * The client of this app: for `submit`, `list`, and whatever has no composable.
 *
 * @example
 * const tidings = useTidings()
 * const start = () => tidings.submit({ task: 'check-links', input: { url } })
 */
export function useTidings(): Client {
  const given = hasInjectionContext() ? inject(tidingsKey, undefined) : undefined
  if (given) return given
  sameOrigin ??= connect()
  return sameOrigin
}
