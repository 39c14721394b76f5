const assert = require('node:assert/strict')
const path = require('node:path')
const { EventEmitter, once } = require('node:events')
const { createInterface } = require('node:readline')
const { spawn } = require('node:child_process')
const { test } = require('node:test')
const { until, quiet } = require('./deadline.js')

const FOLDER = path.join(__dirname, '..', 'word-count')

/** A started worker; its channel is descriptor 3, a socket pair. */
function start(t, input) {
  const child = spawn('python3', ['word_count.py'], {
    cwd: FOLDER,
    env: { PATH: process.env.PATH, TIDINGS_CHANNEL_FD: '3', PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const channel = child.stdio[3]
  channel.on('error', () => {})
  const said = []
  const heard = new EventEmitter()
  createInterface({ input: channel }).on('line', (line) => {
    said.push(JSON.parse(line))
    heard.emit('line')
  })
  let complaints = ''
  child.stderr.on('data', (data) => (complaints += data))
  const tell = (message) => channel.write(`${JSON.stringify(message)}\n`)
  tell({ type: 'start', job: { id: 'job_1', task: 'word-count', attempt: 1 }, input })
  const seen = (type) => until(type, () => said.find((message) => message.type === type), heard, 'line')
  return { child, channel, said, tell, seen, exit: once(child, 'close'), complaints: () => complaints }
}

const steps = (said) => said.filter(({ type }) => type === 'progress').map(({ current }) => current)

test('counts the texts, and says what it could not read', async (t) => {
  const { said, seen, exit } = start(t, { folder: 'texts', top: 3, delayMs: 0 })
  const { result } = await seen('complete')
  assert.deepEqual(await exit, [0, null])
  assert.deepEqual(result, {
    files: 7,
    lines: 65,
    words: 731,
    distinct: 321,
    frequent: [
      { word: 'with', count: 11 },
      { word: 'that', count: 7 },
      { word: 'before', count: 6 },
    ],
    longest: [
      ['train.txt', 9, 137, 'At the third stop a class of children gets on, each with a bag, each bag with an apple that rolls under the seats before'],
      ['lighthouse.txt', 8, 126, 'I wrote back that there is always somebody awake on the water, and that they look for my light before they look for the '],
      ['train.txt', 5, 121, 'The slow one needs three hours and stops everywhere, even at the halt by the sugar factory that closed before I was born'],
    ].map(([file, line, length, text]) => ({ file, line, length, text })),
    readingSeconds: 191,
    failed: [{ file: 'old-letter.txt', why: 'not UTF-8 at byte 3' }],
    skipped: ['stamp.bin'],
  })
  const last = said.filter(({ type }) => type === 'progress').at(-1)
  assert.deepEqual(last, { type: 'progress', percentage: 100, current: result.lines, total: result.lines, message: 'Done', ok: 5, failed: 1, skipped: 1 })
  assert.deepEqual(said.filter(({ type }) => type === 'log').map(({ level }) => level), ['warn', 'info'])
  assert.equal(said.at(-1).type, 'complete')
})

test('acknowledges the very pause, stands still, and goes on where it was', async (t) => {
  const { said, tell, seen, exit } = start(t, { folder: 'texts', delayMs: 5 })
  await seen('progress')
  tell({ type: 'pause', wish: 3 })
  assert.deepEqual(await seen('paused'), { type: 'paused', wish: 3 })
  const before = said.length
  await quiet()
  assert.equal(said.length, before)
  tell({ type: 'resume', wish: 4 })
  await seen('complete')
  assert.deepEqual(said[before], { type: 'resumed' })
  const { lines } = said.at(-1).result
  assert.deepEqual(steps(said), [...Array.from({ length: lines }, (_, index) => index + 1), lines])
  assert.deepEqual(await exit, [0, null])
})

test('a pause that is taken back before it is reached stops nothing', async (t) => {
  const { said, tell, seen } = start(t, { folder: 'texts', delayMs: 5 })
  tell({ type: 'pause', wish: 1 })
  tell({ type: 'resume', wish: 2 })
  await seen('complete')
  const pauses = said.filter(({ type }) => type === 'paused').length
  assert.equal(said.filter(({ type }) => type === 'resumed').length, pauses)
})

test('aborts by message and by SIGTERM, also while paused', async (t) => {
  for (const stop of [({ tell }) => tell({ type: 'abort', wish: 5, graceMs: 10_000 }), ({ child }) => child.kill('SIGTERM')]) {
    for (const pausedFirst of [false, true]) {
      const worker = start(t, { folder: 'texts', delayMs: 10 })
      await worker.seen('progress')
      if (pausedFirst) {
        worker.tell({ type: 'pause', wish: 4 })
        await worker.seen('paused')
      }
      stop(worker)
      assert.deepEqual(await worker.exit, [0, null])
      assert.deepEqual(worker.said.at(-1), { type: 'aborted' })
      assert.equal(worker.complaints(), '')
    }
  }
})

test('leaves when the server is gone', async (t) => {
  const { channel, seen, exit, complaints } = start(t, { folder: 'texts', delayMs: 10 })
  await seen('progress')
  channel.destroy()
  assert.equal((await exit)[1], null)
  assert.equal(complaints(), '')
})

test('bad input fails for good, with a kind', async (t) => {
  for (const [input, words] of [
    [{ folder: '..' }, /below the working directory/],
    [{ folder: '/etc' }, /below the working directory/],
    [null, /folder is missing/],
    [{ folder: 'texts', top: -1 }, /top is a number/],
  ]) {
    const { seen, exit } = start(t, input)
    const { message, kind, retry } = await seen('fail')
    assert.match(message, words)
    assert.deepEqual([kind, retry], ['bad_input', false])
    assert.deepEqual(await exit, [1, null])
  }
})

test('without a channel it says how to start it', async () => {
  const child = spawn('python3', ['word_count.py'], { cwd: FOLDER, env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' } })
  let complaints = ''
  child.stderr.on('data', (data) => (complaints += data))
  assert.deepEqual(await once(child, 'close'), [1, null])
  assert.match(complaints, /start this worker through Tidings/)
})
