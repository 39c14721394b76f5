/**
 * Which edge of the server a connection uses: WebSocket, then a stream, then long poll, all on the same positions.
 * Collaborators: the links of each edge, `whoami` for the question whether the server answers at all. It refuses to step down while the
 * server cannot be reached: then no edge is to blame.
 */
import { codeOf, LOST, REJOIN } from './closing.js'
import type { Environment } from './environment.js'
import { socketLink } from './link/socket.js'
import { type Link, type LinkOwner, type OpenLink, once } from './link.js'
import type { WhoAmI } from './whoami.js'

/** A link that ends sooner than this without a word of the server died young. */
const YOUNG_MS = 3_000
/** Deaths in a row, while the server answered requests, that make an edge given up. */
const DEATHS = 2
/** After this long on a lower edge the next connection tries the first again. */
const BACK_UP_MS = 600_000

/** The edges below the first are loaded when they are needed: few ever need them. */
function lower(pick: (edges: typeof import('./link/lower.js')) => OpenLink): OpenLink {
  // One for all connections: it remembers how long topics have to be waited for.
  let edge: OpenLink | undefined
  return (owner, token) => {
    let inner: Link | undefined
    const link = once(owner, () => inner?.close())
    import('./link/lower.js').then(
      (edges) => {
        edge ??= pick(edges)
        if (!link.over()) inner = edge(link, token)
      },
      () => link.closed(LOST),
    )
    return { send: (frame) => inner?.send(frame), close: link.close }
  }
}

/** `base` is the address of the server, without `/api/v1`. */
export function ladder(world: Environment, base: string, whoami: WhoAmI, log?: (...what: unknown[]) => void): OpenLink {
  const around = { world, whoami, rules: { once, codeOf, REJOIN } }
  const socket = socketLink(world, `${base.replace(/^http/, 'ws')}/api/v1/live`)
  const edges: [string, OpenLink][] = [
    ['stream', lower((edges) => edges.streamLink(around))],
    ['poll', lower((edges) => edges.pollLink(around))],
  ]
  if (world.WebSocket) edges.unshift(['websocket', socket])
  let rung = 0
  let deaths = 0
  let steppedAt = 0

  const died = (on: number, times: number, token: string | undefined) => {
    // Anything but silence is an answer.
    whoami.request('/me', token).then(
      () => count(on, times),
      ({ status }: { status?: number }) => {
        if (status && status < 500) count(on, times)
      },
    )
  }
  const count = (on: number, times: number) => {
    if (on !== rung) return
    deaths += times
    if (deaths < DEATHS) return
    deaths = 0
    rung = (rung + 1) % edges.length
    steppedAt = world.now()
    log?.('edge', edges[rung][0])
  }

  return (owner, token) => {
    if (rung && world.now() - steppedAt > BACK_UP_MS) rung = 0
    const on = rung
    const began = world.now()
    let heard = false
    const rules = once(owner, () => {})
    const watched: LinkOwner = {
      opened: rules.opened,
      received: (frame) => {
        heard ||= frame.type === 'hello' || frame.type === 'heartbeat'
        if (frame.type === 'live') deaths = 0
        rules.received(frame)
      },
      closed: (code, reason) => {
        if (code === LOST && world.now() - began < YOUNG_MS) died(on, 1, token)
        rules.closed(code, reason)
      },
    }
    const link = edges[on][1](watched, token)
    return {
      send: (frame) => link.send(frame),
      close: () => {
        // Given up by its owner before the server said a thing: something on the way holds it back.
        if (!heard && world.now() - began >= YOUNG_MS) died(on, DEATHS, token)
        rules.close()
        link.close()
      },
    }
  }
}
