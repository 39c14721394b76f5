// The worker and the wrapper of the SSE task system's document against a real Tidings: in TypeScript, plain and behind a wrapper that relays, and in
// the form with npx, which cannot work and says why.

const assert = require('node:assert/strict')
const path = require('node:path')
const { randomUUID } = require('node:crypto')
const { EventEmitter, once } = require('node:events')
const { fork } = require('node:child_process')
const { after, before, describe, test } = require('node:test')
const { quiet, until } = require('./deadline.js')
const { follow } = require('./event-stream.js')
const { startTidings } = require('./processes.js')

const FOLDER = path.join(__dirname, '..', 'scrape-reviews')
const WORKER = 'document/your-task-worker.ts'
const RELAY = 'document/your-task-relay.js'
const COMMANDS = {
  plain: ['node', '--import', 'tsx', WORKER],
  relayed: ['node', RELAY],
  'npx-wrapped': ['node', 'document/your-task-worker.js'],
  'npx-direct': ['npx', 'tsx', WORKER],
}

const config = Object.entries(COMMANDS)
  .map(
    ([name, command]) => `
[tasks.${name}]
command = ${JSON.stringify(command)}
cwd = ${JSON.stringify(FOLDER)}
channel = "node-ipc"
pause = "cooperative"
env = ["PATH", "HOME"]
`,
  )
  .join('')

describe('a worker of the document', { concurrency: 2 }, () => {
  let url
  const ends = []
  before(async () => {
    url = (await startTidings((end) => ends.unshift(end), config)).url
  })
  after(async () => {
    for (const end of ends) await end()
  })

  /** Starts a task as the document's clients do, and follows its job. */
  async function begin(t, task, steps) {
    const response = await fetch(`${url}/api/tasks/${task}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ param1: 'value', param2: steps }),
    })
    const { success, taskId, message } = await response.json()
    assert.deepEqual([success, message], [true, `${task} task started`])
    const seen = await follow(url, { job: taskId })
    t.after(seen.leave)
    return { taskId, ...seen }
  }
  const ask = async (task, action, taskId) => {
    const response = await fetch(`${url}/api/tasks/${task}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action, taskId }),
    })
    return (await response.json()).success
  }
  const jobOf = async (id) => (await fetch(`${url}/api/v1/jobs/${id}`)).json()
  const hasProgress = ({ progress }) => progress.current > 1

  for (const task of ['plain', 'relayed']) {
    test(`${task}: pause, resume, result`, async (t) => {
      const job = await begin(t, task, 30)
      await job.until('progress', hasProgress)
      assert.equal(await ask(task, 'pause', job.taskId), true)
      const { progress } = await job.until('the pause', ({ status }) => status === 'paused')
      await quiet()
      const { current } = (await jobOf(job.taskId)).progress
      assert.ok(current <= progress.current + 1, `at most the step that was under way: ${progress.current}, then ${current}`)
      assert.equal(await ask(task, 'resume', job.taskId), true)
      await job.until('the end', ({ status }) => status === 'completed')
      assert.deepEqual((await jobOf(job.taskId)).result, { result: 'processed-value', count: 30 })
    })

    test(`${task}: abort`, async (t) => {
      const job = await begin(t, task, 10_000)
      await job.until('progress', hasProgress)
      const response = await fetch(`${url}/api/tasks/${task}?taskId=${job.taskId}`, { method: 'DELETE' })
      assert.equal((await response.json()).success, true)
      const { reason } = await job.until('the end', ({ status }) => status === 'aborted')
      assert.equal(reason, 'asked')
    })
  }

  for (const task of ['npx-wrapped', 'npx-direct']) {
    test(`${task}: fails, and says why and what to do`, async (t) => {
      const job = await begin(t, task, 5)
      const { reason } = await job.until('the end', ({ status }) => status === 'failed')
      assert.equal(reason, 'no_result')
      const { kind, message } = (await jobOf(job.taskId)).error
      assert.equal(kind, 'no_result')
      assert.match(message, /without reporting an end or anything else.*npx.*`node --import tsx worker\.ts`/)
    })
  }

  for (const [name, script, execArgv] of [
    ['plain', WORKER, ['--import', 'tsx']],
    ['relayed', RELAY, []],
  ]) {
    test(`${name}: SIGTERM ends it as an abort does`, async (t) => {
      const child = fork(script, { cwd: FOLDER, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      t.after(() => child.kill('SIGKILL'))
      const news = new EventEmitter()
      const said = []
      child.on('message', (message) => {
        said.push(message)
        news.emit('message')
      })
      const gone = once(child, 'exit')
      child.send({ type: 'init', config: { taskId: 'job_1', taskType: 'your-task', input: { param1: 'value', param2: 10_000 } } })
      await until('progress', () => said.some(({ type }) => type === 'progress'), news, 'message')
      child.kill('SIGTERM')
      await until('the last word', () => said.some(({ status }) => status === 'aborted'), news, 'message')
      assert.deepEqual(await gone, [0, null])
    })
  }
})
