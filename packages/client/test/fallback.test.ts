/** WebSocket, then a stream, then long poll, on the same positions. */
import { expect, test, vi } from 'vitest'
import { job, update, World } from './world.js'

const tenant = { tenant: true } as const

interface Asked {
  path: string
  query: URLSearchParams
  headers: Record<string, string>
  answer(response: Response | Error): void
}

/** Plays the live routes by hand; `/me` is answered at once. */
class Routes {
  readonly asked: Asked[] = []
  readonly world: World
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(options: { WebSocket?: undefined } = {}) {
    this.world = new World({
      ...options,
      fetch: (input, init) => {
        const url = new URL(String(input))
        const path = url.pathname.replace('/api/v1', '')
        if (!this.world.reachable) return Promise.reject(new TypeError('Failed to fetch'))
        if (path === '/me') return Promise.resolve(Response.json(this.world.me))
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
    // In two pieces, as a network cuts them.
    for (const part of [text.slice(0, 25), text.slice(25)]) this.#stream?.enqueue(new TextEncoder().encode(part))
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

  async follow(): Promise<void> {
    this.world.client.jobs(tenant).subscribe(() => {})
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
}

test('a socket that dies young twice while the server answers gives way to a stream', async () => {
  const routes = new Routes()
  const { world } = routes
  await routes.follow()
  for (const sockets of [1, 2]) {
    expect(world.sockets).toHaveLength(sockets)
    world.socket.end(1006)
    await routes.rest()
    await routes.retry()
  }
  expect(world.sockets).toHaveLength(2)
  expect(routes.newest.path).toBe('/live/events')
  expect(routes.newest.query.getAll('topic')).toEqual(['{"tenant":true}', '{"tasks":true}'])
  expect(routes.newest.headers.authorization).toMatch(/^Bearer token-/)
  await routes.stream()
  await routes.say({ type: 'snapshot', id: 1, jobs: [job('a', 1)] })
  await routes.say({ type: 'live', id: 1, position: 'p1', resumed: false, truncated: false })
  await routes.say(update('p2', job('a', 2)))
  expect(world.held()).toEqual(['a@2'])
  expect(world.connection()).toBe('live')
})

test('while the server cannot be reached no edge is given up', async () => {
  const routes = new Routes()
  const { world } = routes
  world.reachable = false
  await routes.follow()
  for (let sockets = 1; sockets < 6; sockets++) {
    expect(world.sockets).toHaveLength(sockets)
    world.socket.end(1006)
    await routes.retry()
  }
})

test('a socket that is held back without a word gives way after one wait', async () => {
  const routes = new Routes()
  const { world } = routes
  await routes.follow()
  world.socket.onopen?.()
  world.pass(10_000)
  await routes.rest()
  await routes.retry()
  expect(routes.newest?.path).toBe('/live/events')
})

test('a stream that dies young gives way to long polls, which go on from the position it had', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  await routes.stream()
  await routes.say({ type: 'snapshot', id: 1, jobs: [job('a', 1)] })
  await routes.say({ type: 'live', id: 1, position: 'p1', resumed: false, truncated: false })
  for (let times = 0; times < 2; times++) {
    expect(routes.newest.path).toBe('/live/events')
    if (times) await routes.stream()
    await routes.end()
    await routes.retry()
  }
  expect(routes.newest.path).toBe('/live/poll')
  expect(routes.newest.query.getAll('after')).toEqual(['p1'])
  expect(routes.newest.query.get('wait')).toBe('0')
  routes.newest.answer(Response.json({ position: 'p5', reset: false, frames: [update('p4', job('a', 2))] }))
  await routes.rest()
  expect(world.held()).toEqual(['a@2'])
  expect(world.connection()).toBe('live')
  expect(routes.newest.query.getAll('after')).toEqual(['p5'])
  expect(routes.newest.query.get('wait')).toBe('25')
})

test('long polls: what is reset is replaced, an answer without anything is not asked again at once', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  for (let times = 0; times < 2; times++) {
    routes.newest.answer(new TypeError('cut'))
    await routes.rest()
    await routes.retry()
  }
  expect(routes.newest.path).toBe('/live/poll')
  const live = { type: 'live', id: 1, position: 'p1', resumed: false, truncated: false }
  const frames = [{ type: 'snapshot', id: 1, jobs: [job('a', 1)] }, live]
  routes.newest.answer(Response.json({ position: 'p1', reset: true, frames }))
  await routes.rest()
  expect(world.held()).toEqual(['a@1'])
  const asked = routes.asked.length
  routes.newest.answer(Response.json({ position: 'p1', reset: false, frames: [] }))
  await routes.rest()
  expect(routes.asked).toHaveLength(asked)
  world.pass(1_000)
  await routes.rest()
  expect(routes.asked).toHaveLength(asked + 1)
  const again = [
    { type: 'snapshot', id: 1, jobs: [job('b', 1)] },
    { ...live, position: 'q1', reason: 'epoch' },
  ]
  routes.newest.answer(Response.json({ position: 'q1', reset: true, frames: again }))
  await routes.rest()
  expect(world.held()).toEqual(['b@1'])
})

test('a topic that comes later begins the stream anew, each topic where it stands', async () => {
  const routes = new Routes({ WebSocket: undefined })
  const { world } = routes
  await routes.follow()
  await routes.stream()
  await routes.say({ type: 'live', id: 1, position: 'p1', resumed: false, truncated: false })
  world.client.jobs({ owner: 'me' }).subscribe(() => {})
  await routes.rest()
  // It is waited for others that come late, then for those that join again.
  for (let times = 0; times < 2; times++) {
    world.pass(100)
    await routes.rest()
  }
  expect(routes.newest.query.getAll('topic')).toEqual(['{"tenant":true}', '{"owner":"me"}', '{"tasks":true}'])
  expect(routes.newest.query.getAll('after')).toEqual(['p1', '', ''])
  expect(world.tokens).toHaveLength(1)
})

test.each([
  [401, { code: 'unauthenticated' }, 'stopped', 'unauthenticated'],
  [403, { code: 'forbidden_origin' }, 'stopped', 'forbidden_origin'],
  [429, { code: 'rate_limited' }, 'offline', 'rate_limited'],
  [503, {}, 'offline', 'http_503'],
])('a refusal of a stream with %i %j: %s, %s', async (status, body, state, reason) => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  routes.newest.answer(Response.json(body, { status }))
  await routes.rest()
  routes.world.draw()
  expect(routes.world.client.connection.getSnapshot()).toMatchObject({ state, reason })
})

test('a stream ends with the reason that its last event names', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  await routes.stream()
  await routes.say({ type: 'error', code: 'token_expired', message: 'the server ended the stream' })
  expect(routes.world.connection()).toBe('offline')
  expect(routes.world.tokens).toEqual([false, true])
})

test('a token that a request is refused for is asked for anew', async () => {
  const routes = new Routes({ WebSocket: undefined })
  await routes.follow()
  routes.newest.answer(Response.json({ code: 'token_expired' }, { status: 401 }))
  await routes.rest()
  expect(routes.world.tokens).toEqual([false, true])
})
