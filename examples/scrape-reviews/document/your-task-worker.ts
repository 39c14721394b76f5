/**
 * A worker as the document of the SSE task system has it: nothing in it knows Tidings. What the document leaves to its reader is filled in:
 * `pause`, `resume`, and work that takes its steps one by one.
 * Collaborators: whoever started it with an `ipc` channel, directly or behind one of the two wrappers beside it.
 */

export interface YourTaskInput {
  param1: string
  param2: number
}

export interface YourTaskOutput {
  result: string
  count: number
}

interface TaskUpdate {
  type: 'status' | 'progress' | 'message' | 'error' | 'result'
  timestamp: string
  taskId: string
  status?: 'idle' | 'running' | 'paused' | 'completed' | 'failed' | 'aborted'
  progress?: { percentage: number; current: number; total: number; message: string }
  message?: string
  error?: string
  result?: unknown
}

class YourTaskWorker {
  private taskId!: string
  private isPaused = false
  private isAborted = false

  async init(config: { taskId: string; input: YourTaskInput }) {
    this.taskId = config.taskId

    try {
      await this.execute(config.input)
    } catch (error) {
      this.sendUpdate({
        type: 'error',
        status: 'failed',
        error: error instanceof Error ? error.message : 'Unknown error',
      })
    }
  }

  private async execute(input: YourTaskInput) {
    const { param1, param2 } = input

    if (this.isAborted) return

    // Step 1
    this.sendUpdate({
      type: 'status',
      status: 'running',
      message: 'Starting task...',
      progress: { percentage: 10, current: 0, total: param2, message: 'Initializing' },
    })

    await this.checkPauseOrAbort()

    // Step 2 - Your work here
    const result = await this.doWork(param1, param2)

    await this.checkPauseOrAbort()

    // Complete
    const output: YourTaskOutput = {
      result: result.data,
      count: result.count,
    }

    this.sendUpdate({
      type: 'result',
      status: 'completed',
      message: `Successfully processed ${result.count} items`,
      progress: { percentage: 100, current: param2, total: param2, message: 'Complete' },
      result: output,
    })
  }

  private async doWork(param1: string, param2: number) {
    for (let current = 1; current <= param2; current++) {
      await this.checkPauseOrAbort()
      await new Promise((resolve) => setTimeout(resolve, 20))
      this.sendUpdate({
        type: 'progress',
        message: 'Processing data...',
        progress: { percentage: Math.floor((100 * current) / param2), current, total: param2, message: 'Processing' },
      })
    }
    return { data: `processed-${param1}`, count: param2 }
  }

  private async checkPauseOrAbort() {
    if (this.isAborted) {
      process.exit(0)
    }

    while (this.isPaused && !this.isAborted) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  private sendUpdate(update: Partial<TaskUpdate>) {
    if (process.send) {
      process.send({
        timestamp: new Date().toISOString(),
        taskId: this.taskId,
        ...update,
      })
    }
  }

  pause() {
    this.isPaused = true
    this.sendUpdate({ type: 'status', status: 'paused', message: 'Task paused' })
  }

  resume() {
    this.isPaused = false
    this.sendUpdate({ type: 'status', status: 'running', message: 'Task resumed' })
  }

  async abort() {
    this.isAborted = true
    this.sendUpdate({
      type: 'status',
      status: 'aborted',
      message: 'Task aborted',
    })
    process.exit(0)
  }
}

// Worker instance
const worker = new YourTaskWorker()

// Handle messages from parent process
process.on('message', async (message: any) => {
  switch (message.type) {
    case 'init':
      await worker.init(message.config)
      break
    case 'pause':
      worker.pause()
      break
    case 'resume':
      worker.resume()
      break
    case 'abort':
      await worker.abort()
      break
  }
})

// Handle process termination
process.on('SIGTERM', async () => {
  await worker.abort()
})
