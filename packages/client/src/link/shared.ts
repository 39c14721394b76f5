/**
 * A link by way of another tab: one connection per browser. The tab that holds a Web Lock leads, the others speak to it over a
 * `BroadcastChannel`; each keeps its own subscriptions and positions, so a leader that goes costs a rejoin and no update.
 * Collaborators: `leader` answers, also to its own tab; `whoami` names the user, so that two users of one browser never share.
 * A leader that gives no answer is deposed.
 */
import { codeOf, LOST, REJOIN } from '../closing.js'
import type { Channel, Environment, Locks } from '../environment.js'
import type { ClientFrame, ServerFrame } from '../frames.js'
import { type Leader, leader } from '../leader.js'
import { type Link, type OpenLink, once } from '../link.js'
import type { TidingsProblem } from '../problem.js'
import type { WhoAmI } from '../whoami.js'

export type FromTab =
  /** A tab wants a connection; what it had is forgotten. */
  | { say: 'attach'; tab: string; token: string | undefined }
  | { say: 'detach'; tab: string }
  | { say: 'send'; tab: string; frame: ClientFrame }

export type FromLeader =
  /** A tab leads from now on. */
  | { say: 'lead' }
  /** The leader knows the tab. */
  | { say: 'attached'; tab: string }
  /** The leader's connection takes `auth`. */
  | { say: 'opened'; tab?: string }
  /** A frame for one tab, for the subscriptions of several, or for all. */
  | { say: 'frame'; frame: ServerFrame; tab?: string; subs?: Record<string, number[]> }
  | { say: 'closed'; code: number; reason?: string }

/** What tabs say to each other; `by` names the leader that speaks. */
type Said = FromTab | (FromLeader & { by: string })

/** A leader answers within this, also while its page is in the background. */
const ANSWER_MS = 2_000

type Able = Environment & Required<Pick<Environment, 'locks' | 'channel'>>

interface Tabs {
  open: OpenLink
  /** Leaves the others for good; a leader hands over. */
  leave(): void
}

/** The tabs of one user in one browser, seen from one of them. */
function tabsOf(world: Able, name: string, edge: OpenLink): Tabs {
  const tab = world.uniqueKey()
  const channel = (world.channel as (name: string) => Channel)(name)
  const life = new AbortController()
  let standing = new AbortController()
  let leading: Leader | undefined
  let hear: (said: Said) => void = () => {}
  /** The connection of all has no room for this tab. */
  let alone = false

  /** To the others, and to what of this tab leads or is led. */
  const say = (said: Said) => {
    if (life.signal.aborted) return
    channel.postMessage(said)
    heard(said)
  }
  const heard = (said: Said) => {
    if (life.signal.aborted) return
    if (!('by' in said)) leading?.hear(said)
    hear(said)
  }

  /** Rejects when the lock is taken away. */
  const hold = ({ signal }: AbortController, name: string, held: () => void, steal = false): Promise<unknown> =>
    (world.locks as Locks).request(name, steal ? { steal } : { signal }, () => {
      if (signal.aborted) return
      held()
      return new Promise<void>((release) => signal.addEventListener('abort', () => release()))
    })

  /** Leads as soon as nobody else does, or at once when the leader gave no answer: its page is frozen or hangs. */
  const stand = (steal = false) => {
    standing.abort()
    const own = new AbortController()
    standing = own
    const lead = () => {
      const by = world.uniqueKey()
      const tell = (said: FromLeader) => say({ ...said, by })
      leading = leader(world, name, edge, tell)
      tell({ say: 'lead' })
    }
    hold(own, name, lead, steal).catch(() => {
      if (own.signal.aborted || !leading) return
      leading.end(LOST)
      leading = undefined
      stand()
    })
  }

  channel.onmessage = ({ data }) => heard(data as Said)
  // Held as long as this tab lives: by it the leader sees that a tab is gone that could not say so.
  const alive = new Promise<void>((held, never) => void hold(life, `${name} ${tab}`, held).catch(never))
  stand()

  const open: OpenLink = (owner, token) => {
    if (alone) return edge(owner, token)
    let by: string | undefined
    const timer = world.setTimer(() => stand(true), ANSWER_MS)
    const link = once(owner, () => {
      world.clearTimer(timer)
      hear = () => {}
      say({ say: 'detach', tab })
    })
    const attach = () => say({ say: 'attach', tab, token })
    const receive = ({ frame, subs }: Said & { say: 'frame' }) => {
      if (frame.type === 'error' && frame.code === 'too_many_subscriptions') {
        alone = true
        link.closed(REJOIN)
      } else link.received(subs ? ({ ...frame, subs: subs[tab] ?? [] } as ServerFrame) : frame)
    }
    hear = (said) => {
      if (said.say === 'lead') {
        if (by) link.closed(REJOIN)
        else attach()
      } else if (!by && said.say === 'attached' && said.tab === tab) {
        by = said.by
        world.clearTimer(timer)
      } else if ('by' in said && said.by === by && (!('tab' in said) || said.tab === tab)) {
        if (said.say === 'opened') link.opened()
        else if (said.say === 'closed') link.closed(said.code, said.reason)
        else if (said.say === 'frame') receive(said)
      }
    }
    alive.then(
      () => by ?? attach(),
      () => {
        alone = true
        link.closed(REJOIN)
      },
    )
    return { send: (frame) => say({ say: 'send', tab, frame }), close: link.close }
  }
  const leave = () => {
    life.abort()
    standing.abort()
    leading?.end(REJOIN)
    leading = undefined
    channel.close()
  }
  return { open, leave }
}

export interface SharedLink {
  open: OpenLink
  /** Hands over to the other tabs; `open` comes back. */
  leave(): void
}

/** Links over the one connection of this browser. `name` is the server's address. */
export function sharedLink(world: Able, name: string, whoami: WhoAmI, edge: OpenLink): SharedLink {
  let tabs: Tabs | undefined
  let key = ''
  const leave = () => {
    tabs?.leave()
    tabs = undefined
  }
  const open: OpenLink = (owner, token) => {
    let inner: Link | undefined
    const link = once(owner, () => inner?.close())
    whoami.of(token).then(
      ({ subject, tenant, tenantWide, scopes }) => {
        if (link.over()) return
        const user = JSON.stringify([name, tenant, subject, tenantWide, scopes])
        if (user !== key) leave()
        key = user
        tabs ??= tabsOf(world, `tidings ${user}`, edge)
        inner = tabs.open(link, token)
      },
      ({ code, status }: TidingsProblem) => link.closed(codeOf(code, status), code),
    )
    return { send: (frame) => inner?.send(frame), close: link.close }
  }
  return { open, leave }
}
