/**
 * A link over a stream of events that is read with `fetch`, so that it can carry a token (HTML standard, section 9.2).
 * Collaborators: `request`.
 */
import { codeOf } from '../closing.js'
import type { Environment } from '../environment.js'
import type { ServerFrame } from '../frames.js'
import type { OpenLink } from '../link.js'
import { TidingsProblem } from '../problem.js'
import type { WhoAmI } from '../whoami.js'
import { queryOf, requestLink } from './request.js'

export function streamLink(world: Environment, whoami: WhoAmI): OpenLink {
  return requestLink(world, whoami, async ({ asked, get, received }) => {
    // A stream of jobs alone ends with the last of them, and would not tell of a retry: one more topic keeps it open.
    const query: [string, string][] = [...queryOf(asked), ['topic', '{"tasks":true}'], ['after', '']]
    const { body } = await get('events', query)
    const reader = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: string }
      if (done) return
      const events = (rest + value).split('\n\n')
      rest = events.pop() as string
      for (const event of events) {
        const data = dataOf(event)
        if (!data) continue
        const frame = JSON.parse(data) as ServerFrame
        const ending = frame.type === 'error' && frame.id === undefined ? frame.code : undefined
        if (ending && codeOf(ending) >= 4000) throw new TidingsProblem({ code: ending, status: 0, title: ending })
        received(frame)
      }
    }
  })
}

function dataOf(event: string): string {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'))
  return lines.map((line) => line.slice(5)).join('\n')
}
