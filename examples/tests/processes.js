// Real processes for the tests: a Tidings server in a folder of its own, and apps beside it. Each on a port of its own, ended with the test.

const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { spawn } = require('node:child_process')
const { until } = require('./deadline.js')

const ROOT = path.join(__dirname, '..', '..')
const BINARY = process.env.TIDINGS_BIN ?? path.join(ROOT, 'target', 'debug', 'tidings')

/** Starts a program and waits for the line in which it says where it listens. `atEnd` gets what ends it. */
async function start(atEnd, [program, ...words], { env = {}, cwd = ROOT } = {}) {
  const child = spawn(program, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
      child.emit('said')
    })
  }
  child.on('error', (error) => {
    said += error.message
  })
  const end = async () => {
    child.kill('SIGKILL')
    await gone.catch(() => {})
  }
  atEnd(end)
  const found = () => said.match(/(?:listening on|Tidings is at) (http:\S+)/) ?? child.exitCode !== null
  const line = await until(`${program} to listen`, found, child, 'said', 'exit', 'error')
  if (line === true) throw new Error(`${program} ended: ${said}`)
  return { url: line[1], child, gone, said: () => said }
}

/** A server in open mode for any tracked task; `config`, the text of a tidings.toml, says otherwise. */
async function startTidings(atEnd, config = '', env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'foreground-'))
  atEnd(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'tidings.toml')
  fs.writeFileSync(file, config)
  const port = await freePort()
  const words = ['serve', '--config', file, '--listen', `127.0.0.1:${port}`, '--data', path.join(folder, 'data')]
  return start(atEnd, [BINARY, ...words], { cwd: folder, env })
}

/** A Redis that keeps nothing; answers its address once it takes connections. */
async function startRedis(atEnd) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-'))
  const port = await freePort()
  const child = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--save', ''], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
    child.emit('said')
  })
  atEnd(async () => {
    child.kill('SIGKILL')
    await gone
    fs.rmSync(folder, { recursive: true, force: true })
  })
  await until('redis-server to take connections', () => said.includes('Ready to accept connections'), child, 'said')
  return `redis://127.0.0.1:${port}`
}

async function freePort() {
  const server = net.createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address()
  await once(server.close(), 'close')
  return port
}

module.exports = { start, startTidings, startRedis, freePort }
