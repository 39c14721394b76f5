/** Fails when what a browser loads first has grown beyond its budget. Run after `npm run build`. */
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const here = new URL('.', import.meta.url)
const packed = (files) =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, here)), { level: 9 }).length, 0)

const page = readFileSync(new URL('dashboard/dist/index.html', here), 'utf8')
const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => `dashboard/dist/${name}`)
const styles = named.filter((name) => name.endsWith('.css'))
const all = readdirSync(new URL('dashboard/dist/assets/', here)).filter((name) => /\.(js|css)$/.test(name))

const budgets = [
  ['client', 8, packed(['client/dist/index.js'])],
  ['dashboard, first load', 120, packed(['dashboard/dist/index.html', ...named])],
  ['dashboard, styles', 15, packed(styles)],
  ['dashboard, all', 250, packed(all.map((name) => `dashboard/dist/assets/${name}`))],
]

let within = true
for (const [name, most, bytes] of budgets) {
  const fits = bytes <= most * 1024
  within &&= fits
  console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${(bytes / 1024).toFixed(1)} of ${most} KB`)
}
process.exitCode = within ? 0 : 1
