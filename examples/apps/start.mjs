#!/usr/bin/env node
/**
 * Starts the three example apps against one server, and the server too when none answers: `npm run apps`, from the root of the repository.
 * Collaborators: npm and Cargo build, Vite serves the apps, `examples/tidings.toml` says what the server runs. It leaves a server alone that
 * it did not start, and ends on Ctrl-C whatever it did start.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const tidings = (process.env.TIDINGS_URL ?? 'http://127.0.0.1:8430').replace(/\/+$/, '')
/** The packages that the apps use, in the order in which they build. */
const PACKAGES = ['client', 'react', 'vue', 'element']
const APPS = ['react', 'vue', 'plain']
/** A first build of the server takes minutes. */
const PATIENCE_MS = 15 * 60_000
/** A server that somebody killed stays down so long: there is something to see in the pages. */
const DOWN_MS = 3_000

let server
let ending = false
const closing = []

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) fail(`Node 20.19 or newer is needed; this is ${process.versions.node}.`)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0))

if (!existsSync(join(root, 'node_modules/vite')))
  run('installing the packages of the workspace', 'npm', ['ci', '--ignore-scripts'])
for (const name of PACKAGES) {
  if (isStale(join(root, 'packages', name)))
    run(`building @tidings/${name}`, 'npm', ['run', '--silent', 'build', '-w', `@tidings/${name}`])
}
if (await answers()) say(`using the server at ${tidings}`)
else if (process.env.TIDINGS_URL) fail(`TIDINGS_URL says ${tidings}, but nothing answers there.`)
else await startServer()
await checkTasks()

process.env.TIDINGS_URL = tidings
const { createServer } = await import('vite')
const addresses = []
for (const name of APPS) {
  const app = await createServer({ root: join(root, 'examples/apps', name), logLevel: 'warn' })
  await app.listen()
  closing.push(() => app.close())
  addresses.push([name, app.resolvedUrls.local[0]])
}
console.log()
for (const [name, address] of addresses) console.log(`  ${name.padEnd(10)}${address}`)
console.log(`  ${'dashboard'.padEnd(10)}${tidings}/`)
console.log('\nCtrl-C ends them.')

async function startServer() {
  say('starting the server with examples/tidings.toml; a first build takes a few minutes')
  // A process group of its own: Ctrl-C reaches it through `end`, once, and with it whatever Cargo started.
  server = spawn('cargo', ['run', '--quiet', '--', 'serve', '--config', 'examples/tidings.toml'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  server.once('error', () =>
    fail('Rust is needed to build the server, https://rustup.rs. Or name one with TIDINGS_URL.'),
  )
  let ready = false
  server.once('exit', () => {
    server = undefined
    if (ending) return
    if (!ready) return fail('the server ended before it was ready.')
    say('the server was ended; the pages are offline until it is back')
    setTimeout(() => !ending && void startServer(), DOWN_MS)
  })
  for (const since = Date.now(); Date.now() - since < PATIENCE_MS; await new Promise((then) => setTimeout(then, 250))) {
    ready = await answers()
    if (ready || !server) return
  }
  fail(`the server did not answer at ${tidings}.`)
}

async function answers() {
  const answer = await fetch(`${tidings}/readyz`).catch(() => undefined)
  return answer?.ok ?? false
}

/** A server that was found may be somebody else's. */
async function checkTasks() {
  const answer = await fetch(`${tidings}/api/v1/tasks`)
  const names = answer.ok ? (await answer.json()).tasks.map((task) => task.name) : []
  const missing = ['check-links', 'word-count', 'compress'].filter((name) => !names.includes(name))
  if (missing.length > 0)
    say(`this server does not offer ${missing.join(', ')} to you: the apps will say so when you start one`)
}

function isStale(folder) {
  const built = join(folder, 'dist/index.d.ts')
  if (!existsSync(built)) return true
  const at = statSync(built).mtimeMs
  const sources = readdirSync(join(folder, 'src'), { recursive: true }).map((name) => join(folder, 'src', name))
  return [join(folder, 'package.json'), ...sources].some((file) => statSync(file).mtimeMs > at)
}

function run(what, command, args) {
  say(what)
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) fail(`\`${command} ${args.join(' ')}\` failed.`)
}

function say(text) {
  console.log(`· ${text}`)
}

function fail(text) {
  console.error(`✗ ${text}`)
  void end(1)
  if (!server) process.exit(1)
}

async function end(code) {
  const again = ending
  ending = true
  if (server) {
    const gone = new Promise((then) => server.once('exit', then))
    process.kill(-server.pid, again ? 'SIGKILL' : 'SIGTERM')
    await gone
  }
  await Promise.allSettled(closing.map((close) => close()))
  process.exit(code)
}
