// An app with sign-in and session cookies of its own, as it was before Tidings came. Its browsers go on with their cookie: Tidings asks the app
// who bears it. The app forwards /api/… to Tidings, so that for the browser all is one origin.
//
//   GET  /           the page
//   POST /sign-in    {"name": "ann"}: a session cookie. A real app asks for a password
//   POST /sign-out   ends the session
//   GET  /whoami     who bears the cookie: {"subject": "ann"}, or 401. This is what Tidings asks
//   *    /api/…      forwarded to Tidings as it came, WebSockets and event streams too
//
// Environment: PORT (8451), TIDINGS_URL (http://127.0.0.1:8430), SESSIONS (a file that keeps the sessions over a restart; none: memory only).

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { randomBytes } = require('node:crypto')

const BODY_LIMIT_BYTES = 1_000
const SESSION_MS = 8 * 3_600_000

/** The sessions: who, and until when. */
function sessionStore(file) {
  const sessions = new Map(file && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [])
  const save = () => file && fs.writeFileSync(file, JSON.stringify([...sessions]))
  return {
    open(name) {
      const sid = randomBytes(24).toString('base64url')
      sessions.set(sid, { name, until: Date.now() + SESSION_MS })
      save()
      return sid
    },
    find(sid) {
      const session = sessions.get(sid)
      return session && session.until > Date.now() ? session : undefined
    },
    close(sid) {
      sessions.delete(sid)
      save()
    },
  }
}

function createApp({ tidings, sessionsFile }) {
  const sessions = sessionStore(sessionsFile)
  const target = new URL(tidings)

  const sidOf = (request) => /(?:^|;\s*)sid=([^;]*)/.exec(request.headers.cookie ?? '')?.[1]

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://app')
    if (pathname.startsWith('/api/')) return forward(request, response)
    const session = sessions.find(sidOf(request))
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
        return fs.createReadStream(path.join(__dirname, 'page.html')).pipe(response)
      case 'GET /whoami':
        if (!session) return json(response, 401, { error: 'nobody is signed in' })
        return json(response, 200, { subject: session.name, expiresAt: new Date(session.until).toISOString() })
      case 'POST /sign-in': {
        const { name } = await bodyOf(request)
        if (!/^[a-z]{1,20}$/.test(name)) return json(response, 400, { error: 'name must be 1 to 20 small letters' })
        response.setHeader('Set-Cookie', `sid=${sessions.open(name)}; Path=/; HttpOnly; SameSite=Lax`)
        return json(response, 200, { name })
      }
      case 'POST /sign-out':
        sessions.close(sidOf(request))
        response.setHeader('Set-Cookie', 'sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0')
        return json(response, 200, {})
      default:
        return json(response, 404, { error: 'not here' })
    }
  }

  /** The request as it came: Tidings needs `Cookie`, and `Host` with `Origin` or `Sec-Fetch-Site` to see that the app's own page asks. */
  const onwards = ({ method, url, headers }) => http.request({ host: target.hostname, port: target.port, method, path: url, headers })

  function forward(request, response) {
    const ahead = onwards(request)
    ahead.on('response', (told) => {
      response.writeHead(told.statusCode, told.headers)
      response.flushHeaders()
      told.pipe(response)
      told.on('error', () => response.destroy())
    })
    ahead.on('error', () => (response.headersSent ? response.destroy() : json(response, 502, { error: 'Tidings does not answer' })))
    response.on('close', () => ahead.destroy())
    request.pipe(ahead)
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => json(response, 400, { error: error.message }))
  })

  server.on('upgrade', (request, socket, head) => {
    const ahead = onwards(request)
    const end = () => socket.destroy()
    ahead.on('upgrade', (told, other, first) => {
      const lines = told.rawHeaders.map((word, place) => word + (place % 2 ? '\r\n' : ': ')).join('')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
      socket.write(first)
      other.write(head)
      other.pipe(socket).pipe(other)
      other.on('error', end)
      socket.on('error', () => other.destroy())
    })
    ahead.on('response', (told) => {
      socket.end(`HTTP/1.1 ${told.statusCode} ${told.statusMessage}\r\nConnection: close\r\n\r\n`)
      told.resume()
    })
    ahead.on('error', end)
    ahead.end()
  })
  return server
}

function json(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(value))
}

/** Only application/json: a form of a foreign page cannot send that. */
async function bodyOf(request) {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new Error('send application/json')
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > BODY_LIMIT_BYTES) throw new Error(`at most ${BODY_LIMIT_BYTES} bytes`)
  }
  return JSON.parse(text)
}

module.exports = { createApp }

if (require.main === module) {
  const { PORT = '8451', TIDINGS_URL = 'http://127.0.0.1:8430', SESSIONS } = process.env
  const app = createApp({ tidings: TIDINGS_URL, sessionsFile: SESSIONS })
  app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${app.address().port}`))
}
