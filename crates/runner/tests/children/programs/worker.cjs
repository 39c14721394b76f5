// A worker as the SSE task system's document describes it.
class Worker {
  paused = false
  async init(config) {
    this.send({ type: "status", status: "running", message: "Starting", progress: { percentage: 10, current: 1, total: 5, message: "Init" } })
    this.send({ type: "message", message: `${config.taskType} for ${config.shopId}` })
    for (let step = 0; step < config.input.steps; step++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      while (this.paused) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    this.send({ type: "result", status: "completed", progress: { percentage: 100 }, result: { id: config.taskId, input: config.input } })
  }
  send(update) {
    process.send({ timestamp: new Date().toISOString(), ...update })
  }
  abort() {
    this.send({ type: "status", status: "aborted", message: "Task aborted" })
    process.exit(0)
  }
}
const worker = new Worker()
process.on("message", async (message) => {
  if (message.type === "init") await worker.init(message.config)
  if (message.type === "pause") {
    worker.paused = true
    worker.send({ type: "status", status: "paused" })
  }
  if (message.type === "resume") {
    worker.paused = false
    worker.send({ type: "status", status: "running" })
  }
  if (message.type === "abort") worker.abort()
})
process.on("SIGTERM", () => worker.abort())
