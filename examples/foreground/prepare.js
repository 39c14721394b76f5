// Brings what the examples need, and nothing that is there already: the packages of those in Node, a virtual environment with FastAPI and
// clients/python under target/foreground/, one with redis under target/task-status/, the built packages/track, the page of examples/hybrid, and
// the axum app. `npm test` runs it first.
//
// Environment: FOREGROUND_AXUM names a built axum app; without it, cargo builds it.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const TARGET = path.join(ROOT, 'target', 'foreground')
const TRACK = path.join(ROOT, 'packages', 'track')
const CLIENT = path.join(ROOT, 'clients', 'python')
const EXAMPLES = path.join(__dirname, '..')
const HYBRID_PAGE = path.join(EXAMPLES, 'hybrid', 'page')
const REQUIREMENTS = path.join(__dirname, 'fastapi', 'requirements.txt')
const PYTHON = path.join(TARGET, 'venv', 'bin', 'python')
const CHANNEL_REQUIREMENTS = path.join(EXAMPLES, 'task-status', 'requirements.txt')
const CHANNEL_VENV = path.join(ROOT, 'target', 'task-status', 'venv')

function run(command, ...words) {
  execFileSync(command, words, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Does it, unless it was done with the very same files before. */
function once(name, files, made, act) {
  const wanted = files.map((file) => `${file}\n${fs.readFileSync(file, 'utf8')}`).join('\n')
  const note = path.join(TARGET, `${name}.made-from`)
  if (fs.existsSync(made) && fs.existsSync(note) && fs.readFileSync(note, 'utf8') === wanted) return
  console.log(`foreground: ${name}`)
  act()
  fs.mkdirSync(TARGET, { recursive: true })
  fs.writeFileSync(note, wanted)
}

const isFile = (file) => fs.statSync(file).isFile()
const allIn = (folder) => fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter(isFile)
const filesIn = (...folder) => fs.readdirSync(path.join(...folder)).map((name) => path.join(...folder, name))
const sources = filesIn(TRACK, 'src')
once('track', sources, path.join(TRACK, 'dist', 'index.js'), () => run('npm', 'run', 'build', '-w', '@tidings/track'))
for (const folder of ['foreground/express', 'hybrid', 'scrape-reviews'].map((name) => path.join(EXAMPLES, name))) {
  once(path.basename(folder), [path.join(folder, 'package-lock.json')], path.join(folder, 'node_modules'), () =>
    run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder),
  )
}
const ofPage = ['client', 'react', 'element', 'moving/recovery'].flatMap((name) => allIn(path.join(ROOT, 'packages', name, 'src')))
once('hybrid page', [...filesIn(HYBRID_PAGE).filter(isFile), ...ofPage], path.join(HYBRID_PAGE, 'dist', 'index.html'), () =>
  run('npx', 'vite', 'build', '--logLevel', 'warn', '--config', path.join(HYBRID_PAGE, 'vite.config.ts')),
)
once('fastapi', [REQUIREMENTS], PYTHON, () => {
  run('python3', '-m', 'venv', '--clear', path.join(TARGET, 'venv'))
  run(PYTHON, '-m', 'pip', 'install', '-q', '--no-deps', '-r', REQUIREMENTS)
})
const client = filesIn(CLIENT, 'src', 'tidings').filter((file) => file.endsWith('.py'))
once('tidings for Python', [REQUIREMENTS, path.join(CLIENT, 'pyproject.toml'), ...client], PYTHON, () =>
  run(PYTHON, '-m', 'pip', 'install', '-q', '--no-deps', '--force-reinstall', CLIENT),
)
once('task-status', [CHANNEL_REQUIREMENTS], path.join(CHANNEL_VENV, 'bin', 'python'), () => {
  run('python3', '-m', 'venv', '--clear', CHANNEL_VENV)
  run(path.join(CHANNEL_VENV, 'bin', 'python'), '-m', 'pip', 'install', '-q', '--no-deps', '-r', CHANNEL_REQUIREMENTS)
})
if (!process.env.FOREGROUND_AXUM) run('cargo', 'build', '--quiet', '--workspace', '--example', 'foreground-axum')
