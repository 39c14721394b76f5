/**
 * An app of the test's own before a server of the test's own: serves the test pages, signs tokens for whoever it is asked for, says who bears
 * its cookie, and passes `/api` on, so that the way between page and server can be cut, narrowed and mended.
 */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { Duplex } from 'node:stream'
import { PAGES } from './build-pages.js'

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

export class App {
  readonly url: string
  /** Nothing gets through, and what was open is cut. */
  #cut = false
  /** What a narrow-minded proxy on the way does not let through. */
  blocked = new Set<'websocket' | 'stream'>()
  /** How long a token is good, in seconds. */
  tokenSeconds = 3600
  /** Tokens that pages asked for. */
  issued = 0
  /** Requests that reached the server, by path without query. */
  readonly passed: string[] = []
  /** Routes that the app answers itself, by path: what they are given is the user of the cookie. */
  readonly own = new Map<string, (user: string) => Promise<unknown>>()
  readonly #server: HttpServer
  readonly #sockets = new Set<Duplex>()

  private constructor(
    server: HttpServer,
    port: number,
    /** The server that it stands before. */
    public backend: string,
    private readonly secret: string,
  ) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}`
    server.on('request', (incoming, response) => this.#answer(incoming, response))
    server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head))
    server.on('connection', (socket: Socket) => this.#watch(socket))
  }

  static async before(backend: string, secret = ''): Promise<App> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return new App(server, address.port, backend, secret)
  }

  cut(): void {
    this.#cut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#cut = false
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  token(user: string, seconds = this.tokenSeconds): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const exp = Math.floor(Date.now() / 1000) + seconds
    const claims = { sub: user, scope: 'jobs:read jobs:submit jobs:control jobs:report', exp }
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
    return `${signed}.${createHmac('sha256', this.secret).update(signed).digest('base64url')}`
  }

  #watch(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? '/', this.url)
    if (this.#cut) return void incoming.socket.destroy()
    if (url.pathname === '/token') {
      this.issued++
      return void response.end(this.token(url.searchParams.get('user') ?? 'ann'))
    }
    const user = /(?:^|;\s*)sid=(\w+)/.exec(incoming.headers.cookie ?? '')?.[1]
    if (url.pathname === '/whoami') {
      response.writeHead(user ? 200 : 401, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ subject: user }))
    }
    const own = this.own.get(url.pathname)
    if (own && user) return void own(user).then((body) => response.end(JSON.stringify(body)))
    if (!url.pathname.startsWith('/api/')) {
      this.#page(url.pathname, response)
      return
    }
    this.passed.push(url.pathname)
    const out = request(
      `${this.backend}${incoming.url}`,
      { method: incoming.method, headers: this.#headers(incoming) },
      (answer) => {
        const held = this.blocked.has('stream') && answer.headers['content-type'] === 'text/event-stream'
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        // A proxy that gives up on whatever does not end.
        if (held) return void answer.destroy()?.once('close', () => response.end())
        answer.pipe(response)
      },
    )
    out.on('error', () => response.destroy())
    response.once('close', () => out.destroy())
    incoming.pipe(out)
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#cut || this.blocked.has('websocket')) return void socket.destroy()
    this.passed.push('websocket')
    const { port, hostname } = new URL(this.backend)
    const out = connect(Number(port), hostname, () => {
      const headers = Object.entries(this.#headers(incoming)).map(([name, value]) => `${name}: ${value}`)
      out.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
      out.write(head)
      out.pipe(socket).pipe(out)
    })
    this.#watch(out)
    out.once('close', () => socket.destroy())
    socket.once('close', () => out.destroy())
  }

  #headers(incoming: IncomingMessage): IncomingMessage['headers'] {
    const headers = { ...incoming.headers, host: new URL(this.backend).host }
    // Page and API are one origin to the browser.
    if (headers.origin === this.url) headers.origin = this.backend
    return headers
  }

  #page(path: string, response: ServerResponse): void {
    try {
      const file = join(PAGES, normalize(path))
      const body = readFileSync(file)
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  }
}
