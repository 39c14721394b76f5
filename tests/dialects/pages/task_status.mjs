// The page of system 4, without its markup: what its document says a page does. It connects on mount, patches the tasks that it holds, pings, and
// comes again with a growing wait; it answers no ping of the server's, brings no event id, and fetches nothing anew. Started with the address of a
// server. Says `away` when the server may be stopped and started again, and `done` at the end; anything that is not as the page expects ends it with
// an error.

import assert from 'node:assert/strict'
import WebSocket from 'ws'

const [url] = process.argv.slice(2)
const FIRST_WAIT_MS = 50
const MOST_WAIT_MS = 400

/** The store: tasks by id, as they were fetched. */
const tasks = new Map()
const agents = new Map()
const unknown = new Set()
const seen = []
let status = 'disconnected'
let attempts = 0
let wake = () => {}

const updateTask = (id, patch) => {
  if (tasks.has(id)) tasks.set(id, { ...tasks.get(id), ...patch })
}

const connect = () => {
  status = 'connecting'
  const ws = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  ws.on('open', () => {
    status = 'connected'
    attempts = 0
    ws.send(JSON.stringify({ type: 'ping', timestamp: new Date().toISOString() }))
  })
  ws.on('message', (bytes) => {
    const message = JSON.parse(bytes)
    switch (message.type) {
      case 'task_status_update': {
        const { taskId, status, assignee, updatedAt, output, error, projectId } = message.payload
        assert.ok(!Number.isNaN(new Date(updatedAt).getTime()))
        updateTask(taskId, { status, assignee, ...(output && { output }), ...(error && { error }), ...(projectId && { projectId }) })
        seen.push(`${taskId} ${status}`)
        break
      }
      case 'agent_activity_update': {
        const { agentId, status, currentTask } = message.payload
        agents.set(agentId, { status, currentTask })
        break
      }
      case 'pong':
        seen.push('pong')
        break
      default:
        unknown.add(message.type)
    }
    wake()
  })
  ws.on('error', () => {})
  ws.on('close', () => {
    status = 'reconnecting'
    setTimeout(connect, Math.min(FIRST_WAIT_MS * 2 ** attempts, MOST_WAIT_MS))
    attempts += 1
  })
}

const until = async (what, holds) => {
  const late = setTimeout(() => {
    console.error(`waited for ${what}; tasks: ${JSON.stringify([...tasks])}, seen: ${JSON.stringify(seen)}`)
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
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: body && { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  return { code: answer.status, ...(await answer.json()) }
}

const create = async (taskId, status) => {
  const made = await ask('POST', '/api/tasks', { skill_name: 'nightly', schedule_cron: '0 9 * * *', task_id: taskId, status })
  assert.equal(made.code, 201, JSON.stringify(made))
  tasks.set(String(made.id), made)
}

await create(123, 'pending')
await create('left', 'running')
connect()
await until('a pong', () => seen.includes('pong'))
assert.equal(status, 'connected')

await ask('PUT', '/api/tasks/123', { status: 'running', assignee: 'agent-name', project_id: 456 })
await until('it runs', () => tasks.get('123').status === 'running')
await until('its agent', () => agents.get('agent-name')?.status === 'busy')
assert.deepEqual([tasks.get('123').assignee, tasks.get('123').projectId], ['agent-name', 456])
assert.equal(agents.get('agent-name').currentTask, '123')

await ask('PUT', '/api/tasks/123', { status: 'completed', output: 'Task output text' })
await until('its end', () => tasks.get('123').status === 'completed')
assert.equal(tasks.get('123').output, 'Task output text')
await until('its agent again', () => agents.get('agent-name').status === 'idle')

assert.equal((await ask('DELETE', '/api/tasks/123')).status, 'deleted')
await until('its deletion', () => tasks.get('123').status === 'deleted')

console.log('away')
await until('what happened meanwhile', () => tasks.get('left').status === 'completed')
assert.equal(tasks.get('left').output, 'made meanwhile')
assert.ok([...unknown].every((type) => type === 'ack' || type === 'ping'), [...unknown].join())
console.log('done')
process.exit(0)
