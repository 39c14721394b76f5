import { expect, test } from 'vitest'
import { TidingsProblem } from '../src/index.js'
import { World } from './world.js'

test('submit carries the token and a key of its own', async () => {
  const world = new World()
  world.answer = { status: 201, body: '{"id":"job_1"}' }
  expect(await world.client.submit({ task: 'check', input: { n: 1 } })).toEqual({ id: 'job_1' })
  const [{ url, init }] = world.requests
  expect(url).toBe('http://tidings.test/api/v1/jobs')
  expect(init).toMatchObject({ method: 'POST', body: '{"task":"check","input":{"n":1}}' })
  expect(init.headers).toMatchObject({ authorization: 'Bearer token-1', 'idempotency-key': 'key-1' })
})

test('a token that was kept too long is asked for anew, and the request once more', async () => {
  const world = new World()
  world.answer = { status: 401, body: '{"code":"token_expired"}' }
  await expect(world.client.get('job_1')).rejects.toMatchObject({ status: 401 })
  expect(world.tokens).toEqual([false, true])
  expect(world.requests.map(({ init }) => new Headers(init.headers).get('authorization'))).toEqual([
    'Bearer token-1',
    'Bearer token-2',
  ])
})

test('what a new token is answered is the answer', async () => {
  const world = new World({
    token: async (refused) => (refused ? 'new' : 'old'),
    fetch: async (_, init) =>
      new Headers(init?.headers).get('authorization') === 'Bearer new'
        ? Response.json({ events: [] })
        : Response.json({ code: 'token_expired' }, { status: 401 }),
  })
  expect(await world.client.events('job_1')).toEqual([])
})

const verbs = [
  ['pause', 'POST', '/jobs/job_1/pause'],
  ['runNow', 'POST', '/jobs/job_1/run-now'],
  ['delete', 'DELETE', '/jobs/job_1'],
] as const

test.each(verbs)('%s', async (verb, method, path) => {
  const world = new World()
  await world.client[verb]('job_1')
  expect(world.requests[0]).toMatchObject({ url: `http://tidings.test/api/v1${path}`, init: { method } })
})

test('a list leaves out what is not asked', async () => {
  const world = new World()
  await world.client.list({ status: 'failed', limit: 5, ...{ task: undefined } })
  expect(world.requests[0].url).toBe('http://tidings.test/api/v1/jobs?status=failed&limit=5')
})

const refusals: [string, number, string, object][] = [
  [
    'ours',
    409,
    '{"code":"not_allowed","title":"Not now","detail":"It has ended."}',
    { code: 'not_allowed', title: 'Not now', message: 'It has ended.' },
  ],
  ["a proxy's", 502, '<html>', { code: 'http_502', title: 'The server answered 502.' }],
]

test.each(refusals)('a refusal: %s', async (_, status, body, said) => {
  const world = new World()
  world.answer = { status, body }
  const problem = await world.client.pause('job_1').catch((error: unknown) => error)
  expect(problem).toBeInstanceOf(TidingsProblem)
  expect(problem).toMatchObject({ status, ...said })
})

test('no answer at all is a problem too', async () => {
  const world = new World({ fetch: () => Promise.reject(new TypeError('failed')) })
  await expect(world.client.me()).rejects.toMatchObject({ code: 'unreachable', status: 0 })
})
