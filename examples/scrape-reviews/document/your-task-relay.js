#!/usr/bin/env node
// The wrapper of the document, with the one line mended that starts the worker: Node itself, with tsx as its loader, keeps the channel.

const path = require("node:path")
const { spawn } = require("node:child_process")

const tsWorkerPath = path.join(__dirname, "your-task-worker.ts")

const worker = spawn(process.execPath, ["--import", "tsx", tsWorkerPath], {
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
