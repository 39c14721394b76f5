// Checks every link and image of a folder of HTML and Markdown files.
//
// A worker for the channel `node-ipc`: it hears init, pause, resume and abort through process.on('message') and answers
// through process.send. It knows nothing of Tidings and needs no package.
//
//   input   {folder, external?, delayMs?}
//           folder    relative to the working directory, and inside it
//           external  true asks http(s) addresses too; otherwise they are only counted
//           delayMs   pause before each link, so that a person can watch; 40 if not given, 0 for full speed
//   result  {files, links, images, broken: [{file, line, target, why}], external}
//   output  a line for each broken reference, then one for its page

const fs = require('node:fs/promises')
const path = require('node:path')
const { Site, reach, isInside } = require('./targets.js')

/** What is wrong with the input: another attempt would find the same. */
class InputError extends Error {}

class CheckLinksWorker {
  taskId = undefined
  isPaused = false
  isAborted = false
  isOver = false

  async init(config) {
    this.taskId = config.taskId
    try {
      await this.execute(config.input ?? {})
    } catch (error) {
      this.end({
        type: 'error',
        status: 'failed',
        error: error instanceof Error ? error.message : String(error),
        ...(error instanceof InputError && { retry: false }),
      })
    }
  }

  async execute(input) {
    const { external = false, delayMs = 40 } = input
    const site = new Site(await folderOf(input))
    this.sendUpdate({ type: 'status', status: 'running', message: `Reading ${input.folder}` })

    const found = []
    const files = await site.list()
    for (const file of files) {
      await this.checkPauseOrAbort()
      const { references } = await site.page(file)
      if (references.length === 0) console.log(`${file}: nothing to check`)
      for (const reference of references) found.push({ file, ...reference })
    }

    const broken = []
    for (const [index, reference] of found.entries()) {
      if (delayMs > 0) await sleep(delayMs)
      await this.checkPauseOrAbort()
      const why = await this.faultOf(site, reference, external)
      if (why) {
        const target = nameOf(reference.target)
        broken.push({ file: reference.file, line: reference.line, target, why })
        console.log(`${reference.file}:${reference.line}: ${target}: ${why}`)
      }
      if (found[index + 1]?.file !== reference.file) console.log(pageLine(reference.file, found, broken))
      this.sendUpdate({
        type: 'progress',
        message: reference.file,
        progress: {
          percentage: Math.floor(((index + 1) * 100) / found.length),
          current: index + 1,
          total: found.length,
          message: reference.file,
        },
      })
    }
    await this.checkPauseOrAbort()

    const count = (wanted) => found.filter(wanted).length
    this.end({
      type: 'result',
      status: 'completed',
      message: `${found.length} checked, ${broken.length} broken`,
      progress: { percentage: 100, current: found.length, total: found.length, message: 'Done' },
      result: {
        files: files.length,
        links: count(({ kind }) => kind === 'link'),
        images: count(({ kind }) => kind === 'image'),
        broken,
        external: count(({ target }) => reach(target) === 'external'),
      },
    })
  }

  faultOf(site, reference, external) {
    switch (reach(reference.target)) {
      case 'local':
        return site.fault(reference.file, reference)
      case 'external':
        return external ? site.askExternal(reference.target) : undefined
      default:
        return undefined
    }
  }

  pause() {
    this.isPaused = true
  }

  resume() {
    this.isPaused = false
  }

  abort() {
    this.isAborted = true
    this.end({ type: 'status', status: 'aborted', message: 'Task aborted' })
  }

  /** The safe point: the work stands still here while it is paused, and never passes once it is aborted. */
  async checkPauseOrAbort() {
    if (this.isAborted) await never()
    if (!this.isPaused) return
    this.sendUpdate({ type: 'status', status: 'paused', message: 'Paused' })
    while (this.isPaused && !this.isAborted) await sleep(100)
    if (this.isAborted) await never()
    this.sendUpdate({ type: 'status', status: 'running', message: 'Resumed' })
  }

  sendUpdate(update, sent) {
    if (process.connected) process.send({ timestamp: new Date().toISOString(), taskId: this.taskId, ...update }, sent)
  }

  /** The last word. Leaves only when it is on its way, because process.exit drops what is still queued. */
  end(update) {
    if (this.isOver) return
    this.isOver = true
    this.sendUpdate(update, () => process.exit(update.status === 'failed' ? 1 : 0))
  }
}

async function folderOf({ folder, delayMs }) {
  if (typeof folder !== 'string' || folder === '') throw new InputError('folder is missing: name a folder below the working directory')
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= 60_000)) throw new InputError('delayMs is from 0 to 60000')
  const here = await fs.realpath('.')
  const wanted = path.resolve(here, folder)
  const real = isInside(here, wanted) ? await fs.realpath(wanted).catch(() => undefined) : wanted
  if (!real || !(isInside(here, real) && (await fs.stat(real)).isDirectory())) {
    throw new InputError(`${folder} is not a folder below the working directory`)
  }
  return real
}

/** `guide/cleaning.md: 6 checked, 2 broken`. */
function pageLine(file, found, broken) {
  const count = (list) => list.filter((one) => one.file === file).length
  return `${file}: ${count(found)} checked, ${count(broken)} broken`
}

function nameOf(target) {
  return typeof target === 'string' ? target : `[${target.undefinedLabel}]`
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Stands still until the process leaves. */
function never() {
  return new Promise(() => {})
}

const worker = new CheckLinksWorker()

process.on('message', async (message) => {
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
      worker.abort()
      break
  }
})

process.on('SIGTERM', () => worker.abort())

// Whoever started this is gone: nobody would see the result.
process.on('disconnect', () => {
  if (!worker.isOver) process.exit(1)
})
