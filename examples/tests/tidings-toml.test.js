const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { execFileSync } = require('node:child_process')
const { test } = require('node:test')

const ROOT = path.join(__dirname, '..')

test('tidings.toml names five tasks whose programs and examples are there', () => {
  const read = 'import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], "rb"))))'
  const { tasks } = JSON.parse(execFileSync('python3', ['-c', read, path.join(ROOT, 'tidings.toml')]))
  assert.deepEqual(Object.keys(tasks), ['check-links', 'scrape-reviews', 'word-count', 'compress', 'report'])
  for (const [name, task] of Object.entries(tasks)) {
    const input = JSON.parse(task.example)
    assert.ok(task.title && task.description && task.time_limit && task.abort_grace && task.retry, name)
    const cwd = path.join(ROOT, task.cwd)
    if (task.mode === 'tracked') continue
    assert.ok(fs.existsSync(path.join(cwd, task.command.at(-1))), `${name}: its program`)
    if (input.folder) assert.ok(fs.statSync(path.join(cwd, input.folder)).isDirectory(), `${name}: its folder`)
  }
})
