/** The routes of streams and long polls, played by hand. */
import { vi } from 'vitest'
import type { JobsTopic } from '../src/index.js'
import type { FakeBrowser } from './browser.js'
import { World } from './world.js'

const tenant = { tenant: true } as const

export interface Asked {
  path: string
  query: URLSearchParams
  headers: Record<string, string>
  answer(response: Response | Error): void
}

/** A world whose requests wait for the test; `/me` is answered at once. */
export class Routes {
  readonly asked: Asked[] = []
  readonly world: World
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(options: { WebSocket?: undefined; browser?: FakeBrowser } = {}) {
    this.world = new World({
      ...options,
      fetch: (input, init) => {
        const url = new URL(String(input))
        const path = url.pathname.replace('/api/v1', '')
        if (!this.world.reachable) return Promise.reject(new TypeError('Failed to fetch'))
        if (path === '/me') return this.world.identify()
        return new Promise((then, refuse) => {
          const answer = (response: Response | Error) => (response instanceof Error ? refuse(response) : then(response))
          this.asked.push({ path, query: url.searchParams, headers: init?.headers as Record<string, string>, answer })
        })
      },
    })
  }

  get newest(): Asked {
    return this.asked[this.asked.length - 1]
  }

  /** Opens the stream that is asked for. */
  async stream(): Promise<void> {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller
      },
    })
    this.newest.answer(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    await this.say({ type: 'hello', protocol: 1, epoch: 'e1', heartbeatMs: 15_000 })
  }

  async say(...frames: object[]): Promise<void> {
    const text = frames.map((frame) => `event: frame\ndata: ${JSON.stringify(frame)}\n\n`).join('')
    const bytes = new TextEncoder().encode(text)
    // In two pieces, as a network cuts them.
    await this.send(bytes.slice(0, 25), bytes.slice(25))
  }

  /** Pieces of the stream as they come. */
  async send(...pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) this.#stream?.enqueue(piece)
    await this.rest()
  }

  async end(): Promise<void> {
    this.#stream?.close()
    await this.rest()
  }

  /** Lets everything that is due run: also what the runtime's own streams do between. */
  async rest(): Promise<void> {
    await vi.dynamicImportSettled()
    for (let turns = 0; turns < 5; turns++) {
      await new Promise((then) => setImmediate(then))
      await this.world.settle()
      this.world.pass(0)
    }
  }

  async follow(...topics: JobsTopic[]): Promise<void> {
    for (const topic of topics.length ? topics : [tenant]) this.world.client.jobs(topic).subscribe(() => {})
    await this.rest()
    this.world.pass(50)
    await this.rest()
  }

  /** Passes time until the next try has begun. */
  async retry(): Promise<void> {
    this.world.pass(20_000)
    await this.rest()
    this.world.pass(50)
    await this.rest()
  }

  /** Cuts two streams, after which it polls. */
  async cutStreams(): Promise<void> {
    for (let times = 0; times < 2; times++) {
      this.newest.answer(new TypeError('cut'))
      await this.rest()
      await this.retry()
    }
  }

  async answer(position: string, ...frames: object[]): Promise<void> {
    this.newest.answer(Response.json({ position, reset: frames.some((frame) => 'jobs' in frame), frames }))
    await this.rest()
  }
}
