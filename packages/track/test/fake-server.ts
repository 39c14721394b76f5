/** The few routes of Tidings that a reporter uses, on loopback, with the job's wish in the hands of the test. Keeps every call. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Call {
  verb: string
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  body: any
}

export class FakeServer {
  readonly calls: Call[] = []
  status = 'running'
  wish = { kind: 'none', number: 0, by: undefined as string | undefined }
  /** Set to answer something else: `[status, body]`. */
  answer: (call: Call) => [number, object] | undefined = () => undefined
  url = ''
  private readonly server: Server
  private readonly sockets = new Set<{ destroy(): void }>()
  private heard = new Set<() => void>()

  constructor() {
    this.server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const [, , , , , verb = 'submit'] = (request.url ?? '').split('/')
      const call = { verb, headers: request.headers, body: JSON.parse(text) }
      this.calls.push(call)
      const [status, body] = this.answer(call) ?? this.reply(call)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      for (const look of this.heard) look()
    })
    this.server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  /** On the given port, or on a free one. */
  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
    onTestFinished(() => this.close())
    return this
  }

  close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  ask(kind: string, by: string | undefined = 'ann'): number {
    this.wish = { kind, number: this.wish.number + 1, by }
    return this.wish.number
  }

  of(verb: string): Call[] {
    return this.calls.filter((call) => call.verb === verb)
  }

  /** The first call that fits, once it came. */
  seen(fits: (call: Call) => boolean): Promise<Call> {
    return new Promise((resolve) => {
      const look = () => {
        const call = this.calls.find(fits)
        if (!call) return
        this.heard.delete(look)
        resolve(call)
      }
      this.heard.add(look)
      look()
    })
  }

  private reply({ verb, headers, body }: Call): [number, object] {
    if (verb === 'submit')
      return [201, { id: 'job_1', status: 'running', lease: { token: 'secret', expiresAt: '2030-01-01T00:00:00Z' } }]
    if (headers['tidings-lease'] !== 'secret') return [409, { code: 'stale_lease', detail: 'another lease' }]
    if (body.acknowledge === this.wish.number && this.wish.kind !== 'none') {
      const next: Record<string, string> = { pause: 'paused', resume: 'running', abort: 'aborted', kill: 'aborted' }
      this.status = next[this.wish.kind]
      this.wish = { ...this.wish, kind: 'none' }
    }
    if (verb === 'complete') this.status = 'completed'
    if (verb === 'fail') this.status = 'failed'
    return [200, { status: this.status, rev: 1, wish: this.wish }]
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const isVerb = (verb: string) => (call: Call) => call.verb === verb
export const acknowledges = (number: number) => (call: Call) => call.body.acknowledge === number
