// The apps of docs/guide/foreground-to-background.md, as they stand there: before and after answer alike, and after leaves a record.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { freePort, startTidings } = require('./processes.js')
const { spawn } = require('node:child_process')
const { once } = require('node:events')

const ROOT = path.join(__dirname, '..', '..')
const GUIDE = fs.readFileSync(path.join(ROOT, 'docs', 'guide', 'foreground-to-background.md'), 'utf8')
const PYTHON = path.join(ROOT, 'target', 'foreground', 'venv', 'bin', 'python')
const EXPRESS = path.join(ROOT, 'examples', 'foreground', 'express')

function block(words) {
  const [, code] = GUIDE.match(new RegExp(`^\`\`\`${words}\n(.*?)^\`\`\`$`, 'ms')) ?? []
  assert.ok(code, `the guide has a block \`${words}\``)
  return code
}

/** Runs a program of the guide and posts the same order to it, as soon as it listens. */
async function answerOf(t, [program, ...words], { cwd, port, tidings }) {
  const child = spawn(program, words, { cwd, env: { ...process.env, TIDINGS_URL: tidings }, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const order = { months: ['May', 'June'], session: `page ${port}` }
  for (let tries = 0; tries < 300 && child.exitCode === null; tries += 1) {
    const sent = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order) }
    const response = await fetch(`http://127.0.0.1:${port}/reports`, sent).catch(() => undefined)
    if (response) return { status: response.status, body: await response.json(), session: order.session }
    // Nothing says on its own when it listens: look again until it does.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`it does not listen: ${said}`)
}

const LANGUAGES = {
  js: async (t, code, tidings) => {
    const port = await freePort()
    const file = path.join(EXPRESS, `guide.${port}.mjs`)
    fs.writeFileSync(file, code.replace('8441', String(port)))
    t.after(() => fs.rmSync(file))
    return answerOf(t, ['node', file], { cwd: EXPRESS, port, tidings })
  },
  python: async (t, code, tidings) => {
    const port = await freePort()
    const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'guide-'))
    fs.writeFileSync(path.join(cwd, 'guide.py'), code)
    t.after(() => fs.rmSync(cwd, { recursive: true }))
    return answerOf(t, [PYTHON, '-m', 'uvicorn', 'guide:app', '--port', String(port)], { cwd, port, tidings })
  },
}

for (const [language, run] of Object.entries(LANGUAGES)) {
  test(`the guide's app in ${language}: a few lines more, the same answer, and a record`, async (t) => {
    const ends = []
    const { url: tidings } = await startTidings((end) => ends.unshift(end))
    t.after(async () => {
      for (const end of ends) await end()
    })
    const wanted = { sales: [{ month: 'May', cents: 3000 }, { month: 'June', cents: 4000 }] }
    for (const when of ['before', 'after']) {
      const { status, body, session } = await run(t, block(`${language} ${when}`), tidings)
      assert.deepEqual([status, body], [200, wanted])
      const { jobs } = await (await fetch(`${tidings}/api/v1/jobs?session=${encodeURIComponent(session)}`)).json()
      assert.deepEqual(jobs.map(({ status, title }) => [status, title]), when === 'after' ? [['completed', 'Sales report']] : [])
    }
  })
}
