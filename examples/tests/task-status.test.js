// The Python programs of examples/task-status, with a real Redis and a real Tidings: what one publishes is a job, what runs here is heard.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')
const { spawn } = require('node:child_process')
const { after, before, test } = require('node:test')
const { until } = require('./deadline.js')
const { follow } = require('./event-stream.js')
const { startRedis, startTidings } = require('./processes.js')

const EXAMPLE = path.join(__dirname, '..', 'task-status')
const PYTHON = path.join(__dirname, '..', '..', 'target', 'task-status', 'venv', 'bin', 'python')

let redis
let tidings
const ends = []
before(async () => {
  const atEnd = (end) => ends.unshift(end)
  redis = await startRedis(atEnd)
  const config = fs.readFileSync(path.join(EXAMPLE, 'tidings.toml'), 'utf8')
  tidings = await startTidings(atEnd, config, { REDIS_URL: redis })
  await until('the channel to be heard', () => tidings.said().includes('the channel is heard'), tidings.child, 'said')
})
after(async () => {
  for (const end of ends) await end()
})

/** A program of the example; `said` is emitted with each line. */
function python(t, ...words) {
  const child = spawn(PYTHON, words, { cwd: EXAMPLE, env: { ...process.env, REDIS_URL: redis, SECONDS: '0.5' } })
  const gone = once(child, 'exit')
  const lines = []
  let rest = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop()
      lines.push(...parts)
      child.emit('said')
    })
  }
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return { child, gone, lines }
}

async function jobCalled(name) {
  const { jobs } = await (await fetch(`${tidings.url}/api/v1/jobs?externalId=${name}`)).json()
  assert.equal(jobs.length, 1)
  return (await fetch(`${tidings.url}/api/v1/jobs/${jobs[0].id}`)).json()
}

test('what the broadcaster publishes is one job, moved by each of its words, again and again', async (t) => {
  for (const settlement of [1, 2]) {
    const seen = await follow(tidings.url, { task: 'agent-task' })
    const program = python(t, 'publish.py', '123')
    const [code] = await program.gone
    assert.equal(code, 0, program.lines.join('\n'))
    assert.deepEqual(program.lines, ['pending', ...Array(6).fill('running'), 'completed'].map((status) => `task 123: ${status}`))
    await seen.until('its end', (job) => job.status === 'completed' && job.settlement === settlement)
    seen.leave()
    const job = await jobCalled('123')
    assert.deepEqual([job.status, job.mode, job.task, job.owner], ['completed', 'mirrored', 'agent-task', 'local'])
    assert.deepEqual([job.result, job.tags, job.settlement], ['Task output text', ['assignee:agent-name', 'project:456'], settlement])
  }
})

test('what runs here is heard by the listener, each word once', async (t) => {
  const listener = python(t, 'listen.py')
  await until('it to listen', () => listener.lines.includes('listening'), listener.child, 'said', 'exit')
  const submitted = await fetch(`${tidings.url}/api/v1/jobs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ task: 'report', externalId: 'r1' }),
  })
  assert.equal(submitted.status, 201)
  const told = () => listener.lines.filter((line) => line.startsWith('Tidings: task r1 '))
  await until('the end to be heard', () => told().some((line) => line.includes('is completed')), listener.child, 'said', 'exit')
  assert.deepEqual(told().map((line) => line.match(/ is (\w+)/)[1]), ['pending', 'running', 'completed'])
})
