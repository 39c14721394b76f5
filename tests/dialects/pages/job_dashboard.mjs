// The admin page of system 3, without its markup: what its document says a page sends, hears and fetches. Started with the address of a server
// whose tasks are `send-email`, which succeeds, and `broken`, which fails. Says `away` when the server may be stopped and started again, and
// `done` at the end; anything that is not as the page expects ends it with an error.

import assert from 'node:assert/strict'
import WebSocket from 'ws'

const [url] = process.argv.slice(2)
const RECONNECT_MS = 100

const rows = new Map()
const seen = new Map()
let stats
let wake = () => {}

const connect = () => {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/api/notifications/ws`)
  ws.on('open', () => ws.send(JSON.stringify({ type: 'auth', token: 'of-this-page' })))
  ws.on('message', (bytes) => {
    const message = JSON.parse(bytes)
    switch (message.type) {
      case 'connected':
        ws.send(JSON.stringify({ type: 'subscribe_jobs' }))
        break
      case 'jobs_subscribed':
        subscribed += 1
        break
      case 'ping':
        ws.send(JSON.stringify({ type: 'pong' }))
        break
      case 'job_update':
        rows.set(message.job.id, message.job)
        seen.set(message.job.id, [...(seen.get(message.job.id) ?? []), message.job.status])
        break
      case 'job_stats_update':
        stats = message.stats
        break
    }
    wake()
  })
  ws.on('error', () => {})
  ws.on('close', () => setTimeout(connect, RECONNECT_MS))
}

const until = async (what, holds) => {
  const late = setTimeout(() => {
    console.error(`waited for ${what}; rows: ${JSON.stringify([...rows.values()])}, stats: ${JSON.stringify(stats)}`)
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
  const headers = { Authorization: 'Bearer of-this-page', ...(body && { 'Content-Type': 'application/json' }) }
  const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) })
  return { status: answer.status, ...(await answer.json()) }
}

const create = async (name, options) => {
  const made = await ask('POST', '/api/jobs/jobs', { name, data: { to: 'ann@example.com' }, options })
  assert.equal(made.status, 201, JSON.stringify(made))
  return made.data.id
}

let subscribed = 0
assert.deepEqual((await ask('GET', '/api/jobs/jobs')).data, [])
connect()
await until('the subscription', () => subscribed === 1)

const sent = await create('send-email', { priority: 7 })
await until('a completed job', () => rows.get(sent)?.status === 'completed')
assert.deepEqual(seen.get(sent), ['pending', 'running', 'completed'])

const broken = await create('broken', { maxRetries: 2 })
await until('a failed job', () => rows.get(broken)?.status === 'failed')
assert.deepEqual(seen.get(broken), ['pending', 'running', 'retrying', 'pending', 'running', 'failed'])
assert.deepEqual([rows.get(broken).attempts, rows.get(broken).maxRetries], [2, 2])
seen.delete(broken)
assert.equal((await ask('POST', `/api/jobs/jobs/${broken}/retry`)).status, 200)
await until('a second failure', () => rows.get(broken).status === 'failed' && seen.get(broken)?.[0] === 'pending')
await until('counts', () => stats?.failed === 1)
assert.deepEqual(stats, { pending: 0, running: 0, completed: 1, failed: 1, retrying: 0, total: 2 })
assert.deepEqual((await ask('GET', '/api/jobs/jobs/stats')).data, stats)
assert.equal((await ask('DELETE', `/api/jobs/jobs/${broken}`)).status, 200)
await until('the deletion', () => rows.get(broken).deleted)

console.log('away')
await until('another subscription', () => subscribed === 2)
await until('what happened meanwhile', () => [...rows.values()].some((job) => job.data?.made === 'meanwhile'))
console.log('done')
process.exit(0)
