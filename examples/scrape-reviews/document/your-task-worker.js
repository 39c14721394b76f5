#!/usr/bin/env node
// The wrapper of the document, word for word. It does not work: npx keeps the channel to itself, so that the worker hears nothing and leaves.
// your-task-relay.js is the same with one line mended.

const path = require("node:path")
const { spawn } = require("node:child_process")

const tsWorkerPath = path.join(__dirname, "your-task-worker.ts")

const worker = spawn("npx", ["tsx", tsWorkerPath], {
  stdio: ["pipe", "inherit", "inherit", "ipc"],
  env: { ...process.env, NODE_ENV: "production" }
})

process.on("message", (message) => {
  worker.send(message)
})

worker.on("message", (message) => {
  if (process.send) {
    process.send(message)
  }
})

process.on("SIGTERM", () => {
  worker.kill("SIGTERM")
})

worker.on("exit", (code) => {
  process.exit(code)
})
