// The few routes of Tidings that report-app uses, with a job's wish in the hands of the test. Keeps every call.

const assert = require('node:assert/strict')
const http = require('node:http')
const { EventEmitter, once } = require('node:events')
const { until } = require('./deadline.js')

async function fakeTidings(t, { leaseMs = 30_000 } = {}) {
  const calls = []
  const heard = new EventEmitter()
  const fake = {
    calls,
    wish: { kind: 'none', number: 0 },
    status: 'running',
    /** Set to a function of the call to answer something else: `[status, body]`. */
    answer: undefined,
    ask: (kind) => (fake.wish = { kind, number: fake.wish.number + 1 }),
    of: (verb) => calls.filter((call) => call.verb === verb),
    seen: (what, look) => until(what, () => calls.find(look), heard, 'call'),
  }
  const lease = () => new Date(Date.now() + leaseMs).toISOString()

  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const [, , , , id, verb] = request.url.split('/')
    const call = { method: request.method, url: request.url, id, verb: verb ?? (request.method === 'POST' ? 'submit' : 'show'), headers: request.headers, body: text && JSON.parse(text) }
    calls.push(call)
    const [status, body] = fake.answer?.(call) ?? reply(call)
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    heard.emit('call')
  })

  function reply({ verb, headers, body }) {
    if (verb === 'submit') return [201, { id: 'job_1', status: 'running', lease: { token: 'secret', expiresAt: lease() } }]
    if (verb === 'show') return [200, { id: 'job_1', status: fake.status, progress: { percentage: 50 } }]
    assert.equal(headers['tidings-lease'], 'secret')
    if (body.acknowledge === fake.wish.number) {
      fake.status = { pause: 'paused', resume: 'running', abort: 'aborted', kill: 'aborted' }[fake.wish.kind] ?? fake.status
      fake.wish = { kind: 'none', number: fake.wish.number }
    }
    if (verb === 'complete') fake.status = 'completed'
    if (verb === 'fail') fake.status = 'failed'
    return [200, { status: fake.status, rev: 1, wish: fake.wish, leaseExpiresAt: lease() }]
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  fake.url = `http://127.0.0.1:${server.address().port}`
  return fake
}

module.exports = { fakeTidings }
