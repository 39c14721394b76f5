/**
 * A link over a stream of events that is read with `fetch`, so that it can carry a token (HTML standard, section 9.2).
 * Collaborators: `request`.
 */
import type { ServerFrame } from '../frames.js'
import type { OpenLink } from '../link.js'
import { queryOf, requestLink, type Surroundings } from './request.js'

export function streamLink(around: Surroundings): OpenLink {
  return requestLink(around, async ({ asked, get, received }) => {
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
        if (ending && around.rules.codeOf(ending) >= 4000) throw { code: ending }
        received(frame)
      }
    }
  })
}

function dataOf(event: string): string {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'))
  return lines.map((line) => line.slice(5)).join('\n')
}
