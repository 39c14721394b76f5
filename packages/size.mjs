/**
 * Fails when what a browser loads has grown beyond its budget: each package as an app's bundler ships it (minified, what only few need split
 * off and named beside it), compressed by brotli as a server sends it. Run after the dashboard was built.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const KB = 1024

/** What a bundler makes of an entry for a browser, by chunk. */
async function chunks(entry, external) {
  const [{ output }] = await build({
    configFile: false,
    logLevel: 'silent',
    root: here('.'),
    resolve: { alias: [{ find: /^@tidings\/client\/(.+)$/, replacement: here('client/src/$1.ts') }] },
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: here(entry), formats: ['es'] },
      rolldownOptions: { external, output: { minify: true } },
    },
  })
  return output.filter(({ type }) => type === 'chunk')
}

const bytesOf = ({ code }) => brotliCompressSync(code).length

/** Bytes that are loaded with the first import, in as many files as that takes, and those that are loaded only when they are needed. */
async function shipped(entry, external = []) {
  const all = await chunks(entry, external)
  const later = all.find(({ name }) => name === 'lower')
  const first = all.filter((chunk) => chunk !== later).reduce((sum, chunk) => sum + bytesOf(chunk), 0)
  return { first, later: later && bytesOf(later) }
}

const client = /^@tidings\/client/
const packages = [
  ['client', 8, 'client/src/index.ts'],
  ['react, beside client', 5, 'react/src/index.ts', ['react', client]],
  ['vue, beside client', 5, 'vue/src/index.ts', ['vue', client]],
  ['recovery, beside react', 3, 'moving/recovery/src/index.ts', ['react', /^@tidings/]],
  ['runs, beside vue', 8, 'moving/runs/src/index.ts', ['vue', /^@tidings/]],
  ['task-status, beside react', 4, 'moving/task-status/src/index.ts', ['react', /^zustand/, /^@tidings/]],
  ['element, beside client', 24, 'element/src/index.ts', [/^@tidings\/client$/]],
]

const gzipped = (files) => files.reduce((sum, file) => sum + gzipSync(readFileSync(here(file)), { level: 9 }).length, 0)
const page = readFileSync(here('dashboard/dist/index.html'), 'utf8')
const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => `dashboard/dist/${name}`)
const assets = readdirSync(here('dashboard/dist/assets/')).filter((name) => /\.(js|css)$/.test(name))
const dashboard = [
  ['dashboard, first load', 120, gzipped(['dashboard/dist/index.html', ...named])],
  ['dashboard, styles', 15, gzipped(named.filter((name) => name.endsWith('.css')))],
  ['dashboard, all', 250, gzipped(assets.map((name) => `dashboard/dist/assets/${name}`))],
]

let within = true
function tell(name, most, bytes, more = '') {
  const fits = bytes < most * KB
  within &&= fits
  console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${(bytes / KB).toFixed(2)} of ${most} KB${more}`)
}

for (const [name, most, entry, external] of packages) {
  const { first, later } = await shipped(entry, external)
  tell(name, most, first, later ? `, and ${(later / KB).toFixed(2)} KB when WebSockets do not work` : '')
}
for (const [name, most, bytes] of dashboard) tell(name, most, bytes)
process.exitCode = within ? 0 : 1
