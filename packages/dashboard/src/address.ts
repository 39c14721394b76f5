/**
 * What the page shows, kept in its address: a link to it shows the same.
 * Collaborators: app and everything that navigates. Unknown parameters are left alone.
 */
import { useSyncExternalStore } from 'react'

export type Tab = 'details' | 'output' | 'timeline'

export interface Address {
  /** A status, `active`, or empty for all. */
  status: string
  task: string
  /** Searched for in title, task, id, owner and tags. */
  text: string
  /** Id of the open job, or empty. */
  job: string
  tab: Tab
}

const NAMES = { status: 'status', task: 'task', text: 'q', job: 'job', tab: 'tab' } as const
const NOTHING: Address = { status: '', task: '', text: '', job: '', tab: 'details' }

const listeners = new Set<() => void>()
let current = read()

function read(): Address {
  const query = new URLSearchParams(location.search)
  const tab = query.get(NAMES.tab)
  return {
    status: query.get(NAMES.status) ?? '',
    task: query.get(NAMES.task) ?? '',
    text: query.get(NAMES.text) ?? '',
    job: query.get(NAMES.job) ?? '',
    tab: tab === 'output' || tab === 'timeline' ? tab : 'details',
  }
}

export function linkTo(change: Partial<Address>): string {
  const query = new URLSearchParams(location.search)
  for (const [field, value] of Object.entries({ ...current, ...change })) {
    const name = NAMES[field as keyof Address]
    if (value && value !== NOTHING[field as keyof Address]) query.set(name, value)
    else query.delete(name)
  }
  const text = query.toString()
  return location.pathname + (text && `?${text}`)
}

/** Opening and closing a job makes a step that Back undoes; a filter replaces the one before. */
export function go(change: Partial<Address>): void {
  const link = linkTo(change)
  const opens = change.job !== undefined && change.job !== current.job
  if (opens) history.pushState(null, '', link)
  else history.replaceState(null, '', link)
  changed()
}

function changed(): void {
  current = read()
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', changed)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, () => current)
}

export function currentAddress(): Address {
  return current
}
