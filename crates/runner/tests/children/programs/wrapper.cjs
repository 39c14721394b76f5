// The document's wrapper: a second process behind the first, both ways relayed.
const path = require("node:path")
const { spawn } = require("node:child_process")
const worker = spawn(process.execPath, [path.join(__dirname, "worker.cjs")], { stdio: ["pipe", "inherit", "inherit", "ipc"] })
process.on("message", (message) => worker.send(message))
worker.on("message", (message) => process.send && process.send(message))
process.on("SIGTERM", () => worker.kill("SIGTERM"))
worker.on("exit", (code) => process.exit(code))
