#!/usr/bin/env node
// Runs worker.js in a second Node process and relays both ways, as one does for a worker that needs a loader (tsx, ts-node).
// Forwards SIGTERM, and leaves with the worker's exit code once its last message has been passed on.

const path = require('node:path')
const { spawn } = require('node:child_process')
const { constants } = require('node:os')

const worker = spawn(process.execPath, [path.join(__dirname, 'worker.js')], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})

let underway = 0
let isDrained = false
let exit

process.on('message', (message) => {
  if (worker.connected) worker.send(message)
})

worker.on('message', (message) => {
  if (!process.connected) return
  underway += 1
  process.send(message, () => {
    underway -= 1
    leaveWhenDone()
  })
})

process.on('SIGTERM', () => worker.kill('SIGTERM'))

process.on('disconnect', () => {
  if (worker.connected) worker.disconnect()
})

worker.on('disconnect', () => {
  isDrained = true
  leaveWhenDone()
})

worker.on('exit', (code, signal) => {
  exit = code ?? 128 + constants.signals[signal]
  leaveWhenDone()
})

worker.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})

function leaveWhenDone() {
  if (isDrained && exit !== undefined && underway === 0) process.exit(exit)
}
