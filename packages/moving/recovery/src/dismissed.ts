/**
 * Which jobs somebody does not want to be told of again, per browser: in its storage, so that a reload does not bring them back.
 * Collaborators: recovery asks and adds. Without storage it lasts as long as the page.
 */
import type { Client } from '@tidings/client'

/** Jobs remembered; the oldest are forgotten. */
const REMEMBERED = 200

const withoutStorage = new WeakMap<Client, string[]>()

export function isDismissed(client: Client, id: string): boolean {
  return read(client).includes(id)
}

export function dismissJob(client: Client, id: string): void {
  const ids = [...read(client).filter((other) => other !== id), id].slice(-REMEMBERED)
  withoutStorage.set(client, ids)
  try {
    client.environment.local?.setItem(nameOf(client), JSON.stringify(ids))
  } catch {
    // Full or forbidden.
  }
}

function read(client: Client): string[] {
  const here = withoutStorage.get(client) ?? []
  try {
    const kept: unknown = JSON.parse(client.environment.local?.getItem(nameOf(client)) ?? '[]')
    return Array.isArray(kept) ? [...here, ...kept] : here
  } catch {
    return here
  }
}

function nameOf(client: Client): string {
  return `${client.name} recovery dismissed`
}
