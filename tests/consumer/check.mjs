/**
 * The packages as they are published: packed by npm, unpacked beside a project that uses them, looked over by publint, type-checked as an
 * app's compiler would with `node16` and with `bundler`, and imported by plain Node, as a server does that renders pages.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const root = here('../..')
const project = join(root, 'target/consumer')
const PACKAGES = ['client', 'react', 'vue', 'element', 'track', 'moving/recovery', 'moving/runs', 'moving/task-status']

const run = (command, arguments_, cwd) =>
  execFileSync(command, arguments_, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

rmSync(project, { recursive: true, force: true })
mkdirSync(join(project, 'packed'), { recursive: true })

let faults = 0
function tell(good, what) {
  if (!good) faults++
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}`)
}

const entries = []
for (const name of PACKAGES) {
  const [{ filename, files }] = JSON.parse(
    run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', join(project, 'packed')],
      join(root, 'packages', name),
    ),
  )
  const folder = join(project, 'node_modules/@tidings', basename(name))
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', join(project, 'packed', filename), '-C', folder, '--strip-components=1'], project)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  entries.push(
    ...Object.keys(manifest.exports)
      .filter((each) => each !== './package.json')
      .map((each) => manifest.name + each.slice(1)),
  )
  const { messages } = await publint({ pkgDir: folder, strict: true })
  for (const message of messages) console.log(`     ${formatMessage(message, manifest)}`)
  tell(messages.length === 0, `${manifest.name}: publint, ${files.length} files`)
  const missing = ['README.md', 'dist/index.js', 'dist/index.d.ts'].filter(
    (file) => !files.some(({ path }) => path === file),
  )
  tell(missing.length === 0, `${manifest.name}: has what it promises${missing.length ? `, but not ${missing}` : ''}`)
}

cpSync(here('app'), join(project, 'src'), { recursive: true })
writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
const compile = (module, moduleResolution) => {
  const options = {
    module,
    moduleResolution,
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    jsx: 'react-jsx',
  }
  const strict = { strict: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true, types: [] }
  const config = join(project, `tsconfig.${moduleResolution}.json`)
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...options, ...strict }, include: ['src'] }))
  try {
    run('npx', ['tsc', '-p', config], root)
    tell(true, `types: ${moduleResolution}`)
  } catch ({ stdout }) {
    console.log(stdout)
    tell(false, `types: ${moduleResolution}`)
  }
}
compile('Node16', 'node16')
compile('ESNext', 'bundler')

// Where no page is: nothing may be touched by the import alone.
const script = join(project, 'import.mjs')
writeFileSync(script, entries.map((entry) => `await import('${entry}')`).join('\n'))
try {
  await import(pathToFileURL(script).href)
  tell(true, `imports without a page: ${entries.join(', ')}`)
} catch (error) {
  console.log(error)
  tell(false, 'imports without a page')
}
try {
  run('node', ['--no-warnings', '-e', "require('@tidings/track').tracker({ url: 'http://127.0.0.1:9' })"], project)
  tell(true, 'required by CommonJS: @tidings/track')
} catch {
  tell(false, 'required by CommonJS: @tidings/track')
}
process.exitCode = faults ? 1 : 0
