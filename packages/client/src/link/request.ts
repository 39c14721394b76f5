/**
 * What links over HTTP requests share: the topics stand in the request, so they are gathered before it is made, and one that comes later
 * begins a new request for all.
 * Collaborators: `stream` and `poll` make the requests; `whoami` says who the token names.
 */
import type { codeOf } from '../closing.js'
import type { Environment } from '../environment.js'
import type { ClientFrame, ServerFrame } from '../frames.js'
import type { OpenLink, once } from '../link.js'
import type { Topic } from '../records.js'
import type { WhoAmI } from '../whoami.js'

/** Topics that come one after the other are asked for together; tabs take a moment to say theirs. */
const GATHER_MS = 50
/** Topics that keep coming late are waited for longer each time, up to this. */
const GATHER_MOST_MS = 2_000
/** A request that stood this long was not begun too early. */
const STOOD_MS = 10_000
/** Topics of one request. */
const TOPICS = 19

/** What a link over requests needs. */
export interface Surroundings {
  world: Environment
  whoami: WhoAmI
  rules: Rules
}

export interface Asked {
  id: number
  topic: Topic
  /** Where to go on from. */
  after?: string
}

export interface Request {
  asked: readonly Asked[]
  /** GET below `/api/v1/live`. Refusals and lost connections are thrown as `TidingsProblem`. */
  get(path: string, query: [string, string][]): Promise<Response>
  /** Hands a frame on, its subscriptions named as the owner named them. */
  received(frame: ServerFrame): void
}

type Numbered = { id?: number | string; subs?: number[] }

/** Handed in, so that what is loaded late shares no file with what is loaded first. */
export interface Rules {
  once: typeof once
  codeOf: typeof codeOf
  REJOIN: number
}

/** What a server's refusal, or its last words, have in common with a `TidingsProblem`. */
interface Ending {
  code?: unknown
  status?: number
}

/** `run` talks until the server ends it; what it throws says how. */
export function requestLink(
  { world, whoami, rules }: Surroundings,
  run: (request: Request) => Promise<void>,
): OpenLink {
  const { once, codeOf, REJOIN } = rules
  let gatherMs = GATHER_MS
  return (owner, token) => {
    const ending = new AbortController()
    const link = once(owner, () => ending.abort())
    const failed = ({ code, status }: Ending = {}) => {
      const name = typeof code === 'string' ? code : undefined
      link.closed(codeOf(name, status), name)
    }
    const asked: Asked[] = []
    let begun = false
    let begunAt = 0

    const request: Request = {
      asked,
      get: (path, query) =>
        whoami.request(`/live/${path}?${new URLSearchParams(query)}`, token, { signal: ending.signal }),
      received: (frame) => link.received(renamed(frame, asked)),
    }
    const begin = () => {
      begun = true
      begunAt = world.now()
      for (const { id } of asked.splice(TOPICS)) link.received(tooMany(id))
      if (asked.length) run(request).then(() => failed(), failed)
    }
    let isLate = false
    const late = () => {
      if (isLate) return
      isLate = true
      gatherMs = world.now() - begunAt < STOOD_MS ? Math.min(gatherMs * 2, GATHER_MOST_MS) : GATHER_MS
      world.setTimer(() => link.closed(REJOIN), gatherMs)
    }
    const send = (frame: ClientFrame) => {
      if (frame.type === 'auth') {
        whoami.of(frame.token).then((principal) => link.received({ type: 'authenticated', principal }), failed)
      } else if (frame.type === 'subscribe') {
        if (begun) late()
        else if (asked.push(frame as Asked) === 1) world.setTimer(begin, gatherMs)
      } else if (frame.type === 'unsubscribe') {
        const at = asked.findIndex(({ id }) => id === frame.id)
        // Its number stays taken: the server counts topics by their place.
        if (at >= 0 && begun) asked[at] = { ...asked[at], id: 0 }
        else if (at >= 0) asked.splice(at, 1)
      } else if (frame.type === 'ping') {
        // A request tells by itself when it is cut; what may be asleep is this page.
        link.received({ type: 'pong' })
      }
    }
    Promise.resolve().then(link.opened)
    return { send, close: link.close }
  }
}

function tooMany(id: number): ServerFrame {
  return { type: 'error', code: 'too_many_subscriptions', message: `A request takes ${TOPICS} topics.`, id }
}

/** The server numbers the topics of a request from 1. */
function renamed(frame: ServerFrame, asked: readonly Asked[]): ServerFrame {
  const { id, subs } = frame as Numbered
  const own = (number: number) => asked[number - 1]?.id ?? 0
  if (subs) return { ...frame, subs: subs.map(own) } as ServerFrame
  return typeof id === 'number' ? ({ ...frame, id: own(id) } as ServerFrame) : frame
}

/** The topics of a request and where each goes on, as its query. */
export function queryOf(asked: readonly Asked[]): [string, string][] {
  return asked.flatMap(({ topic, after }): [string, string][] => [
    ['topic', JSON.stringify(topic)],
    ['after', after ?? ''],
  ])
}
