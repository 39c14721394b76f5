// The monitor of system 0, without its markup: one list of runs, kept by the socket and by `/api/runs/active`, and a hook on completion.
// Started with the address of a server whose tasks are `generate-report`, which succeeds, `broken`, which fails, and `endless`, which does not
// end by itself. Says `away` when the server may be stopped and started again, and `done` at the end; anything that is not as the page expects
// ends it with an error.

import assert from 'node:assert/strict'
import WebSocket from 'ws'

const [url] = process.argv.slice(2)
const RECONNECT_MS = 100
const ENDS = ['COMPLETED', 'FAILED', 'CANCELED', 'TIMED_OUT']

const began = Date.now()
let runs = new Map()
let connections = 0
let wake = () => {}
const hooks = { COMPLETED: new Map(), FAILED: new Map() }
const told = new Set()

// An end stands against whatever comes later, and another run of the same task has its own end.
const take = (run) => {
  const held = runs.get(run.id)
  if (held && ENDS.includes(held.status) && !ENDS.includes(run.status)) return
  runs = new Map(runs).set(run.id, { ...held, ...run })
  const isNew = !told.has(run.id) && new Date(run.finishedAt ?? 0).getTime() > began - 2_000
  if (hooks[run.status] && isNew) {
    told.add(run.id)
    hooks[run.status].get(run.taskIdentifier)?.(run)
  }
  wake()
}

const connect = () => {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/api/websocket`)
  ws.on('open', async () => {
    const { token } = await ask('GET', '/api/websocket-token')
    ws.send(JSON.stringify({ type: 'authenticate', token }))
    ws.send(JSON.stringify({ type: 'subscribe_user' }))
    ws.send('ping')
  })
  ws.on('message', (bytes) => {
    const { type, runId, ...update } = JSON.parse(bytes)
    if (type === 'run_update') take({ id: runId, ...update })
    if (type === 'pong') {
      connections += 1
      wake()
    }
  })
  ws.on('error', () => {})
  ws.on('close', () => setTimeout(connect, RECONNECT_MS))
}

const until = async (what, holds) => {
  const late = setTimeout(() => {
    console.error(`waited for ${what}; runs: ${JSON.stringify([...runs.values()])}`)
    process.exit(1)
  }, 50_000)
  while (!holds()) {
    await new Promise((resolve) => {
      wake = resolve
    })
  }
  clearTimeout(late)
}

const ask = async (method, path, body) => {
  const headers = body && { 'Content-Type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer.json()
}

const fetchActiveRuns = async () => (await ask('GET', '/api/runs/active')).forEach(take)

// What a route of the app does.
const start = async (task, tags = []) => {
  const { id } = await ask('POST', '/api/v1/jobs', { task, tags })
  await fetchActiveRuns()
  assert.ok(runs.has(id), 'a run that was just started is listed')
  return id
}

const completed = []
const failed = []
hooks.COMPLETED.set('generate-report', (run) => completed.push(run.id))
hooks.FAILED.set('broken', (run) => failed.push(run.id))

await fetchActiveRuns()
connect()
await until('the socket', () => connections === 1)

const report = await start('generate-report', ['planned-workout:7'])
await until('the hook', () => completed.length === 1)
assert.deepEqual(completed, [report])
assert.deepEqual(runs.get(report).tags, ['planned-workout:7', 'user:local'])

const broken = await start('broken')
await until('the other hook', () => failed.length === 1)
assert.deepEqual([failed[0], runs.get(broken).status], [broken, 'FAILED'])
assert.ok(runs.get(broken).error.message)

const endless = await start('endless')
// The button: what a list says may have been read a moment before what the socket told, and only ends stand against it.
while (runs.get(endless).status !== 'EXECUTING') await fetchActiveRuns()
assert.deepEqual(await ask('DELETE', `/api/runs/${endless}`), { success: true })
await until('its end', () => runs.get(endless).status === 'CANCELED')

const listed = await ask('GET', '/api/runs/active')
assert.deepEqual(new Set(listed.map((run) => run.id)), new Set([report, broken, endless]), 'what ended within a minute is listed')
await fetchActiveRuns()
assert.equal(completed.length, 1, 'the hook fires once for a run, however often it is told')

console.log('away')
await until('another connection', () => connections === 2)
await until('the hook of what was completed meanwhile', () => completed.length === 2)
console.log('done')
process.exit(0)
