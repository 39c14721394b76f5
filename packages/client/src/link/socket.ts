/**
 * A link over a WebSocket.
 * Collaborators: the environment's `WebSocket`.
 */
import { codeOf, LOST } from '../closing.js'
import type { Environment, Socket } from '../environment.js'
import type { ServerFrame } from '../frames.js'
import { type OpenLink, once } from '../link.js'

/** `address` is that of the live route, with `ws:` or `wss:`. */
export function socketLink({ WebSocket }: Environment, address: string): OpenLink {
  return (owner) => {
    let socket: Socket | undefined
    const link = once(owner, () => {
      if (!socket) return
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.onerror = () => {}
      socket.close()
    })
    try {
      socket = new (WebSocket as NonNullable<typeof WebSocket>)(address)
      socket.onopen = link.opened
      socket.onmessage = ({ data }) => {
        let frame: ServerFrame
        try {
          frame = JSON.parse(data as string)
        } catch {
          // Without this frame the next position would be ahead of what is held.
          return link.closed(LOST)
        }
        link.received(frame)
      }
      socket.onclose = ({ code }) => link.closed(code)
      socket.onerror = null
    } catch {
      // The address or the page's policy forbids it. The owner is told after it has the link.
      Promise.resolve().then(() => link.closed(codeOf('bad_frame'), 'bad_address'))
    }
    return { send: (frame) => socket?.send(JSON.stringify(frame)), close: link.close }
  }
}
