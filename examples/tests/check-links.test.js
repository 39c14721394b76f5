const assert = require('node:assert/strict')
const http = require('node:http')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { EventEmitter, once } = require('node:events')
const { fork } = require('node:child_process')
const { text } = require('node:stream/consumers')
const { test } = require('node:test')
const { readPage } = require('../check-links/pages.js')
const { until, quiet } = require('./deadline.js')

const FOLDER = path.join(__dirname, '..', 'check-links')

const BROKEN = [
  ['changelog.md', 11, 'reference/wall-mount.md', 'no such file'],
  ['guide/cleaning.md', 12, '[safety]', 'no definition for [safety]'],
  ['guide/cleaning.md', 17, '../images/wiring.png', 'empty image'],
  ['guide/sharing.md', 10, '../../private/privacy.html', 'outside the site'],
  ['guide/temperatures.md', 15, '#black-tea', 'no anchor #black-tea'],
  ['guide/temperatures.md', 20, '../images/altitude-curve.png', 'no such file'],
  ['index.html', 17, 'press-kit.html', 'no such file'],
  ['support.html', 10, 'reference/error-lights.html#blue', 'no anchor #blue'],
].map(([file, line, target, why]) => ({ file, line, target, why }))

/** A started worker: `said` is all it sent so far, `seen(look)` waits for the first message that fits. */
function start(t, script, input, cwd = FOLDER) {
  const child = fork(path.join(FOLDER, script), { cwd, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  t.after(() => child.kill('SIGKILL'))
  const said = []
  const heard = new EventEmitter()
  const printed = text(child.stdout)
  child.on('message', (message) => {
    said.push(message)
    heard.emit('message')
  })
  child.send({ type: 'init', config: { taskId: 'job_1', taskType: 'check-links', input } })
  const seen = (what, look) => until(what, () => said.find(look), heard, 'message')
  return { child, said, seen, printed, exit: once(child, 'exit') }
}

const hasStatus = (status) => (message) => message.status === status
const isProgress = ({ type }) => type === 'progress'

for (const script of ['worker.js', 'wrapper.js']) {
  test(`${script} finds exactly the broken links of the site`, async (t) => {
    const { said, seen, printed, exit } = start(t, script, { folder: 'site', delayMs: 0 })
    const { result, progress } = await seen('the result', hasStatus('completed'))
    assert.deepEqual(result, { files: 11, links: 48, images: 5, broken: BROKEN, external: 4 })
    assert.deepEqual(await exit, [0, null])

    const steps = said.filter(isProgress).map(({ progress }) => progress)
    assert.deepEqual(steps.map(({ current }) => current), Array.from({ length: 53 }, (_, index) => index + 1))
    assert.ok(steps.every(({ total, message, percentage }) => total === 53 && message && percentage >= 0 && percentage <= 100))
    assert.equal(progress.percentage, 100)
    assert.ok(said.every(({ taskId, timestamp }) => taskId === 'job_1' && !Number.isNaN(Date.parse(timestamp))))

    const lines = (await printed).trim().split('\n')
    for (const { file, line, target, why } of BROKEN) assert.ok(lines.includes(`${file}:${line}: ${target}: ${why}`))
    assert.equal(lines.filter((line) => /: (\d+ checked, \d+ broken|nothing to check)$/.test(line)).length, 11, 'a line for each page')
  })

  test(`${script} stands still while it is paused and goes on where it was`, async (t) => {
    const { child, said, seen, exit } = start(t, script, { folder: 'site', delayMs: 10 })
    await seen('progress', isProgress)
    child.send({ type: 'pause' })
    await seen('paused', hasStatus('paused'))
    await quiet()
    const before = said.length
    assert.equal(said.at(-1).status, 'paused')
    child.send({ type: 'resume' })
    await seen('completed', hasStatus('completed'))
    assert.equal(said[before].status, 'running')
    const steps = said.filter(isProgress).map(({ progress }) => progress.current)
    assert.deepEqual(steps, Array.from({ length: 53 }, (_, index) => index + 1))
    assert.deepEqual(await exit, [0, null])
  })

  test(`${script} aborts when it is told, by message or by SIGTERM, also while paused`, async (t) => {
    for (const stop of [(child) => child.send({ type: 'abort' }), (child) => child.kill('SIGTERM')]) {
      for (const pausedFirst of [false, true]) {
        const { child, said, seen, exit } = start(t, script, { folder: 'site', delayMs: 10 })
        await seen('progress', isProgress)
        if (pausedFirst) {
          child.send({ type: 'pause' })
          await seen('paused', hasStatus('paused'))
        }
        stop(child)
        assert.deepEqual(await exit, [0, null])
        assert.equal(said.at(-1).status, 'aborted')
        assert.equal(said.filter(hasStatus('aborted')).length, 1)
        assert.ok(!said.some(hasStatus('completed')))
      }
    }
  })

  test(`${script} leaves when nobody listens any more`, async (t) => {
    const { child, seen, exit } = start(t, script, { folder: 'site', delayMs: 10 })
    await seen('progress', isProgress)
    child.disconnect()
    assert.deepEqual(await exit, [1, null])
  })
}

test('a folder outside the working directory is refused', async (t) => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'check-links-'))
  t.after(() => fs.rmSync(place, { recursive: true }))
  fs.symlinkSync(os.tmpdir(), path.join(place, 'way-out'))
  for (const folder of ['..', '/', 'way-out', 'missing', '']) {
    const { seen, exit } = start(t, 'worker.js', { folder }, place)
    const { error, retry } = await seen('failed', hasStatus('failed'))
    assert.match(error, /below the working directory/)
    assert.equal(retry, false, 'another attempt would find the same')
    assert.deepEqual(await exit, [1, null])
  }
})

test('external addresses are asked only when wanted, each once', async (t) => {
  const asked = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const noHead = request.url === '/get-only' && request.method === 'HEAD'
    response.writeHead(noHead ? 405 : request.url === '/gone' ? 410 : 200).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const base = `http://127.0.0.1:${server.address().port}`
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'check-links-'))
  t.after(() => fs.rmSync(place, { recursive: true }))
  fs.mkdirSync(path.join(place, 'site'))
  fs.writeFileSync(path.join(place, 'site', 'a.md'), `[1](${base}/ok#x) [2](${base}/ok)\n[3](${base}/gone) [4](${base}/get-only)\n`)

  for (const external of [false, true]) {
    const { seen } = start(t, 'worker.js', { folder: 'site', delayMs: 0, external }, place)
    const { result } = await seen('the result', hasStatus('completed'))
    assert.equal(result.external, 4)
    assert.deepEqual(result.broken, external ? [{ file: 'a.md', line: 2, target: `${base}/gone`, why: 'answered 410' }] : [])
  }
  assert.deepEqual(asked, ['HEAD /ok', 'HEAD /gone', 'HEAD /get-only', 'GET /get-only'])
})

const PAGES = [
  ['a.md', '[a](b.md "t") ![i](c.png)', ['link b.md 1', 'image c.png 1']],
  ['a.md', '[![i](c.png)](b.md)', ['link b.md 1', 'image c.png 1']],
  ['a.md', '[a](x_(y).md) [b](<with space.md>)', ['link x_(y).md 1', 'link with space.md 1']],
  ['a.md', '[a][B]\n\n[b]: c.md', ['link c.md 1']],
  ['a.md', '~~~\n[a](b)\n~~~\n`[c](d)` ``[e](f) ` `` [g](h)', ['link h 4']],
  ['a.md', '```\n[never](closed)', []],
  ['a.html', "<a class=x href='b?c&amp;d'>\n<img alt='a > b' src=c.png>", ['link b?c&d 1', 'image c.png 2']],
  ['a.html', '<img srcset="a.png 1x, b.png 2x"><script src="s.js">"<a href=n>"</script>', ['image a.png 1', 'image b.png 1', 'link s.js 1']],
  ['a.html', '<!--\n<a href=no>\n-->\n<a\n  href="yes">', ['link yes 4']],
]

test('references are read with their lines', () => {
  for (const [name, text, wanted] of PAGES) {
    const found = readPage(name, text).references.map(({ kind, target, line }) => `${kind} ${target} ${line}`)
    assert.deepEqual(found, wanted, text)
  }
})

test('headings get the ids that readers give them', () => {
  const { anchors } = readPage('a.md', '# What\'s new?\n## Ünder way ##\n## Ünder way\nUnder\n-----\n## Own {#mine}\n## The `code` part\n<a name="old"></a>')
  assert.deepEqual([...anchors].sort(), ['mine', 'old', 'the-code-part', 'under', 'whats-new', 'ünder-way', 'ünder-way-1'])
})
