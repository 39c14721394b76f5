/**
 * A link over a WebSocket.
 * Collaborators: the environment's `WebSocket`.
 */
import { codeOf } from '../closing.js'
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
        if (typeof data === 'string') link.received(JSON.parse(data) as ServerFrame)
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
