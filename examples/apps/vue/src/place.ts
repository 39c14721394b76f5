/** Where the user is: the page by the hash of the address, and a name for each page in this tab that outlives a reload. */
import { ref } from 'vue'

const read = () => location.hash.slice(1) || '/'

/** The path behind the hash: `/`, `/upkeep`, `/jobs`. */
export const path = ref(read())
window.addEventListener('hashchange', () => {
  path.value = read()
})

/** The whole address of a page, for a job's link: other apps of the same server show it too. */
export function addressOf(of: string): string {
  return new URL(`#${of}`, location.href).href
}

/** The session that a page starts its jobs from. */
export function sessionOf(page: string): string {
  const name = `session of ${page}`
  const session = sessionStorage.getItem(name) ?? crypto.randomUUID()
  sessionStorage.setItem(name, session)
  return session
}
