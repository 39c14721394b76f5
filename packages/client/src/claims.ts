/**
 * Decides which tab of a browser does what should be done once, such as to show a toast.
 * Collaborators: Web Locks settle the race between tabs, the browser's storage remembers.
 */
import type { Client } from './client.js'
import { read, write } from './storage.js'

/** Claims remembered. */
const REMEMBERED = 500
/** A lock outlasts the time that storage takes to reach the other tabs. */
const HELD_MS = 10_000

/**
 * True in exactly one tab of this browser, and only once for a key: for what should be shown once, such as a toast.
 *
 * @example
 * if (await claim(tidings, `mail ${job.id}`)) sendMail(job)
 */
export function claim({ environment, name }: Pick<Client, 'environment' | 'name'>, key: string): Promise<boolean> {
  const { local, locks, setTimer } = environment
  const store = `${name} claimed`
  const take = (): boolean => {
    const taken = read<string[]>(local, store) ?? []
    if (taken.includes(key)) return false
    // Where it cannot be written it is rather told twice than never.
    write(local, store, [...taken, key].slice(-REMEMBERED))
    return true
  }
  if (!locks) return Promise.resolve(take())
  return new Promise((answer) => {
    locks
      .request(`${store} ${key}`, { ifAvailable: true }, (lock) => {
        const taken = lock !== null && take()
        answer(taken)
        return taken ? new Promise<void>((then) => void setTimer(then, HELD_MS)) : undefined
      })
      .catch(() => answer(take()))
  })
}
