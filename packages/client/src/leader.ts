/**
 * The tab that leads: it holds the connection of this browser and passes frames between it and the tabs, its own included.
 * Collaborators: an edge of the server below, `link/shared` of every tab above. It looks at nothing but the numbers of subscriptions, keeps
 * no jobs and no positions, and opens no connection that no tab wants.
 */
import { LOST } from './closing.js'
import type { Environment } from './environment.js'
import type { ClientFrame, ServerFrame } from './frames.js'
import type { FromLeader, FromTab } from './link/shared.js'
import type { Link, OpenLink } from './link.js'

/** Silence longer than this many heartbeats is a dead connection. */
export const HEARTBEATS_MISSED = 2.5
/** Until the server names its own, in milliseconds. */
export const HEARTBEAT_MS = 15_000
/** An answer to a `ping` must come by then. */
export const PONG_MS = 5_000

interface Tab {
  /** Number of a subscription at the server, by the tab's own. */
  numbers: Map<number, number>
  authenticated: boolean
  gone: AbortController
}

export interface Leader {
  hear(said: FromTab): void
  /** Ends the connection and tells the tabs why. */
  end(code: number, reason?: string): void
}

/** `name` is that of the lock that leads, and begins those of the tabs. */
export function leader(world: Environment, name: string, edge: OpenLink, say: (said: FromLeader) => void): Leader {
  const tabs = new Map<string, Tab>()
  /** Tab and its own number of a subscription, by the number at the server. */
  const routes = new Map<number, [string, number]>()
  let lastNumber = 0
  let link: Link | undefined
  let isOpen = false
  let authSent = false
  let hello: (ServerFrame & { type: 'hello' }) | undefined
  let authenticated: ServerFrame | undefined
  let heardAt = 0
  let pingedAt = 0

  const end = (code: number, reason?: string) => {
    reset()
    say({ say: 'closed', code, reason })
  }

  const reset = () => {
    const ending = link
    link = hello = authenticated = undefined
    isOpen = authSent = false
    for (const { gone } of tabs.values()) gone.abort()
    tabs.clear()
    routes.clear()
    ending?.close()
  }

  const attach = (tab: string, token: string | undefined) => {
    forget(tab)
    const now = world.now()
    const silent = now - heardAt > (hello?.heartbeatMs ?? HEARTBEAT_MS) * HEARTBEATS_MISSED
    const unanswered = pingedAt > heardAt && now - pingedAt >= PONG_MS
    if (link && (silent || unanswered)) end(LOST, 'silence')
    const gone = new AbortController()
    tabs.set(tab, { numbers: new Map(), authenticated: false, gone })
    // Granted when the tab, which holds it, is gone without a word.
    world.locks?.request(`${name} ${tab}`, { signal: gone.signal }, () => detach(tab)).catch(() => {})
    say({ say: 'attached', tab })
    if (isOpen) say({ say: 'opened', tab })
    else link ??= open(token)
  }

  const open = (token: string | undefined): Link => {
    heardAt = world.now()
    return edge(
      {
        opened: () => {
          isOpen = true
          say({ say: 'opened' })
        },
        received: (frame) => {
          heardAt = world.now()
          pass(frame)
        },
        closed: (code, reason) => {
          link = undefined
          end(code, reason)
        },
      },
      token,
    )
  }

  const detach = (tab: string) => {
    forget(tab)
    if (!tabs.size) reset()
  }

  const forget = (tab: string) => {
    const known = tabs.get(tab)
    if (!known) return
    tabs.delete(tab)
    known.gone.abort()
    for (const id of known.numbers.values()) {
      routes.delete(id)
      link?.send({ type: 'unsubscribe', id })
    }
  }

  const send = (tab: string, frame: ClientFrame) => {
    const known = tabs.get(tab)
    if (!known || !link) return
    const { numbers } = known
    if (frame.type === 'subscribe') {
      const id = ++lastNumber
      numbers.set(frame.id, id)
      routes.set(id, [tab, frame.id])
      link.send({ ...frame, id })
    } else if (frame.type === 'unsubscribe') {
      const id = numbers.get(frame.id)
      numbers.delete(frame.id)
      if (id !== undefined && routes.delete(id)) link.send({ ...frame, id })
    } else if (frame.type === 'auth') {
      auth(tab, known, link, frame)
    } else {
      pingedAt = world.now()
      link.send(frame)
    }
  }

  /** The first tab opens the door for all; later, each renews the rights of all. */
  const auth = (tab: string, known: Tab, link: Link, frame: ClientFrame) => {
    const renews = known.authenticated
    known.authenticated = true
    if (!authSent || renews) {
      authSent = true
      link.send(frame)
    } else {
      for (const frame of [hello, authenticated]) if (frame) say({ say: 'frame', tab, frame })
    }
  }

  const pass = (frame: ServerFrame) => {
    if (frame.type === 'hello') hello = frame
    if (frame.type === 'authenticated') authenticated = frame
    if ('subs' in frame) {
      const subs: Record<string, number[]> = {}
      for (const number of frame.subs) {
        const [tab, id] = routes.get(number) ?? []
        if (tab && id) subs[tab] = [...(subs[tab] ?? []), id]
      }
      say({ say: 'frame', frame, subs })
    } else if ('id' in frame && frame.id !== undefined) {
      const [tab, id] = routes.get(frame.id as number) ?? []
      if (tab) say({ say: 'frame', tab, frame: { ...frame, id } as ServerFrame })
    } else {
      say({ say: 'frame', frame })
    }
  }

  return {
    end,
    hear: (said) => {
      if (said.say === 'attach') attach(said.tab, said.token)
      else if (said.say === 'detach') detach(said.tab)
      else send(said.tab, said.frame)
    },
  }
}
