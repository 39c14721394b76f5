/**
 * The contract of a link: one way to exchange frames with the server. The folder beside it holds the ways: a WebSocket, a stream of
 * events, a long poll, another tab.
 * Collaborators: connection drives a link, `ladder` picks the edge. A link refuses to speak after it was closed or said so.
 */
import type { ClientFrame, ServerFrame } from './frames.js'

export interface Link {
  send(frame: ClientFrame): void
  close(): void
}

/** Who listens to a link. */
export interface LinkOwner {
  /** The link takes `auth` now. */
  opened(): void
  received(frame: ServerFrame): void
  /** Once, unless the owner closed it. The code is one of `docs/protocol.md`, or one of ours. */
  closed(code: number, reason?: string): void
}

/** Opens a link for whoever this token names; undefined in open mode and where a cookie says who is there. */
export type OpenLink = (owner: LinkOwner, token: string | undefined) => Link

export interface Ending extends LinkOwner {
  close(): void
  over(): boolean
}

/** Lets an owner be called until it was told of the end, or closed the link itself; `end` runs once, before that. */
export function once(owner: LinkOwner, end: () => void): Ending {
  let over = false
  const finish = (): boolean => {
    if (over) return false
    over = true
    end()
    return true
  }
  return {
    over: () => over,
    opened: () => {
      if (!over) owner.opened()
    },
    received: (frame) => {
      if (!over) owner.received(frame)
    },
    closed: (code, reason) => {
      if (finish()) owner.closed(code, reason)
    },
    close: () => void finish(),
  }
}
