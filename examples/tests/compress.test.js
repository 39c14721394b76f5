const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { EventEmitter, once } = require('node:events')
const { execFileSync, spawn } = require('node:child_process')
const { test } = require('node:test')
const { until } = require('./deadline.js')

const SCRIPT = path.join(__dirname, '..', 'compress', 'compress.sh')

/** A place of its own: the script beside a folder `stuff` with some files, one of them with an odd name. */
function place(t) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'compress-'))
  t.after(() => fs.rmSync(root, { recursive: true }))
  fs.copyFileSync(SCRIPT, path.join(root, 'compress.sh'))
  fs.mkdirSync(path.join(root, 'stuff', 'inner'), { recursive: true })
  const names = ['a.txt', 'b b.txt', '-c.txt', '50%.txt', 'inner/d.bin', 'inner/é.txt', 'z.txt', 'zz.txt']
  for (const name of names) fs.writeFileSync(path.join(root, 'stuff', name), `content of ${name}`)
  return { root, names }
}

function start(t, root, input) {
  const file = path.join(root, 'input.json')
  fs.writeFileSync(file, JSON.stringify(input))
  const child = spawn('sh', ['compress.sh'], { cwd: root, env: { PATH: process.env.PATH, TIDINGS_INPUT_FILE: file }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  const run = { child, out: '', err: '', heard: new EventEmitter() }
  for (const [stream, key] of [[child.stdout, 'out'], [child.stderr, 'err']]) {
    stream.on('data', (data) => {
      run[key] += data
      run.heard.emit('data')
    })
  }
  run.exit = once(child, 'close')
  return run
}

const percentages = (text) => [...text.matchAll(/ (\d+)%$/gm)].map(([, number]) => Number(number))

test('packs every file, says percentages, prints the archive', async (t) => {
  const { root, names } = place(t)
  const run = start(t, root, { folder: 'stuff' })
  assert.deepEqual(await run.exit, [0, null])
  const said = percentages(run.err)
  assert.deepEqual(said, [12, 25, 37, 50, 62, 75, 87, 100])
  assert.match(run.err, /^\.\/b b\.txt, 18 bytes, \d+%$/m)
  assert.match(run.err, /^8 files, \d+ bytes, packed into \d+ bytes$/m)
  const archive = run.out.trim()
  assert.equal(archive, './out/stuff.tar.gz')
  const unpacked = path.join(root, 'unpacked')
  fs.mkdirSync(unpacked)
  execFileSync('tar', ['-xzf', archive, '-C', unpacked], { cwd: root })
  assert.ok(names.every((name) => fs.readFileSync(path.join(unpacked, name), 'utf8') === `content of ${name}`))
  assert.deepEqual(fs.readdirSync(path.join(root, 'out')), ['stuff.tar.gz'])
})

test('an abort leaves nothing behind and keeps the archive of before', async (t) => {
  const { root } = place(t)
  fs.mkdirSync(path.join(root, 'out'))
  fs.writeFileSync(path.join(root, 'out', 'stuff.tar.gz'), 'of before')
  const run = start(t, root, { folder: 'stuff', delayMs: 100 })
  await until('a percentage', () => percentages(run.err).length > 1, run.heard, 'data')
  run.child.kill('SIGTERM')
  assert.deepEqual(await run.exit, [143, null])
  assert.ok(!percentages(run.err).includes(100))
  assert.deepEqual(fs.readdirSync(path.join(root, 'out')), ['stuff.tar.gz'])
  assert.equal(fs.readFileSync(path.join(root, 'out', 'stuff.tar.gz'), 'utf8'), 'of before')
})

test('bad input is refused in words', async (t) => {
  const { root } = place(t)
  fs.symlinkSync('/', path.join(root, 'way-out'))
  fs.mkdirSync(path.join(root, 'empty'))
  for (const [input, words] of [
    [{ folder: '..' }, /below the working directory/],
    [{ folder: 'way-out' }, /below the working directory/],
    [{ folder: 'missing' }, /below the working directory/],
    [{}, /folder is missing/],
    [{ folder: 'empty' }, /holds no files/],
    [{ folder: 'stuff', delayMs: '1; rm' }, /delayMs is a number/],
  ]) {
    const run = start(t, root, input)
    assert.deepEqual(await run.exit, [1, null])
    assert.match(run.err, words)
    assert.equal(run.out, '')
  }
})
