/**
 * A link over long polls: one request after the other, each from where the last one ended.
 * Collaborators: `request`.
 */
import type { ServerFrame } from '../frames.js'
import type { OpenLink } from '../link.js'
import { type Asked, queryOf, requestLink, type Surroundings } from './request.js'

/** Seconds that the server may hold a request. */
const WAIT_S = 25
/** An answer that brings nothing sooner than this is not asked again at once. */
const LEAST_MS = 1_000

interface Answer {
  position: string
  frames: ServerFrame[]
}

export function pollLink(around: Surroundings): OpenLink {
  const { world } = around
  return requestLink(around, async ({ asked, get, received }) => {
    const after: (string | undefined)[] = asked.map((each) => each.after)
    // The first answer is waited for by all that join.
    for (let wait = 0; ; wait = WAIT_S) {
      const began = world.now()
      const topics = asked.map((each, index): Asked => ({ ...each, after: after[index] }))
      const response = await get('poll', [...queryOf(topics), ['wait', `${wait}`]])
      const { position, frames } = (await response.json()) as Answer
      const told = new Set<number>()
      for (const frame of frames) {
        if (frame.type === 'live' || frame.type === 'error') told.add(frame.id as number)
        if (frame.type === 'output') for (const sub of frame.subs) after[sub - 1] = `${frame.attempt}:${frame.next}`
        received(frame)
      }
      asked.forEach(({ topic }, index) => {
        // An answer does not say that a topic was gone on with.
        if (!wait && !told.has(index + 1))
          received({ type: 'live', id: index + 1, position, resumed: true, truncated: false })
        if (!('output' in topic)) after[index] = position
      })
      received({ type: 'heartbeat', position })
      const early = LEAST_MS - (world.now() - began)
      if (wait && frames.every(({ type }) => type === 'error') && early > 0)
        await new Promise<void>((then) => void world.setTimer(then, early))
    }
  })
}
