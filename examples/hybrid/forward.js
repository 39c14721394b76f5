// Hands what is asked of this origin on to Tidings, as it came: requests, event streams, WebSockets. `Host`, `Origin`, `Sec-Fetch-Site` and
// `Cookie` pass unchanged, so that Tidings sees that a page of this app asks, and who. Where nginx or the like stands in front, let that do it.

import http from 'node:http'

function onwards(tidings, { method, originalUrl, url, headers }) {
  const { hostname, port } = new URL(tidings)
  return http.request({ host: hostname, port, method, path: originalUrl ?? url, headers })
}

/** A handler for Express; before any that reads bodies. */
export function forward(tidings) {
  return (req, res) => {
    const ahead = onwards(tidings, req)
    ahead.on('response', (told) => {
      res.writeHead(told.statusCode, told.headers).flushHeaders()
      told.on('error', () => res.destroy()).pipe(res)
    })
    ahead.on('error', () => (res.headersSent ? res.destroy() : res.status(502).json({ error: 'Tidings does not answer' })))
    res.on('close', () => ahead.destroy())
    req.pipe(ahead)
  }
}

/** For the event `upgrade` of the server. */
export function forwardUpgrade(tidings) {
  return (req, socket, head) => {
    const ahead = onwards(tidings, req)
    ahead.on('upgrade', (told, other, first) => {
      const lines = told.rawHeaders.map((word, place) => word + (place % 2 ? '\r\n' : ': ')).join('')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
      socket.write(first)
      other.write(head)
      other.pipe(socket).pipe(other)
      other.on('error', () => socket.destroy())
    })
    ahead.on('response', (told) => {
      socket.end(`HTTP/1.1 ${told.statusCode} ${told.statusMessage}\r\nConnection: close\r\n\r\n`)
      told.resume()
    })
    ahead.on('error', () => socket.destroy())
    socket.on('error', () => ahead.destroy())
    ahead.end()
  }
}
