/**
 * JSON in a browser's storage, which may be absent, full, forbidden or filled by somebody else.
 * Collaborators: what is kept over a reload, and what tabs have in common. It never throws: what cannot be kept is asked for again.
 */
import type { Keep } from './environment.js'

export function read<Value>(store: Keep | undefined, name: string): Value | undefined {
  try {
    return JSON.parse(store?.getItem(name) ?? '') as Value
  } catch {
    return undefined
  }
}

/** Whole, or what was there before stays; `undefined` removes it. */
export function write(store: Keep | undefined, name: string, value: unknown): void {
  try {
    if (value === undefined) store?.removeItem(name)
    else store?.setItem(name, JSON.stringify(value))
  } catch {
    // Full or forbidden.
  }
}
