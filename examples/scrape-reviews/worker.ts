/**
 * Reads all reviews of a product with a real browser: a worker for the channel `node-ipc`, started with `node --import tsx worker.ts`.
 *
 * It hears init, pause, resume and abort through process.on('message') and answers through process.send. A page that fails is tried again,
 * one that never answers is given up, and the job completes with what could be read. However it ends, its browser is closed.
 *
 *   input, result   see reviews.ts
 *   output          a line of JSON for each review, as soon as its page is read: what an aborted job leaves behind
 *   environment     CHROMIUM (/usr/bin/chromium); SCRAPE_ORIGINS: the web origins that may be visited, separated by spaces. None: none
 */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { averageOf, contentsOf, type Review, reviewsOf, type ScrapeInput, type ScrapeOutput } from './reviews.js'

const { CHROMIUM = '/usr/bin/chromium', SCRAPE_ORIGINS = '' } = process.env
const ORIGINS = SCRAPE_ORIGINS.split(' ')
/** Before the second try, in milliseconds; doubles with each further one. */
const RETRY_AFTER_MS = 250

/** Another attempt would find the same. */
class InputError extends Error {}
/** Another try of this page would find the same. */
class PageError extends Error {}

type Update = { type: 'status' | 'progress' | 'message' | 'error' | 'result'; status?: string } & Record<string, unknown>

class ScrapeReviewsWorker {
  private taskId: string | undefined
  private browser: Promise<Browser> | undefined
  private isPaused = false
  private isAborted = false
  private isOver = false

  async init(config: { taskId: string; input: ScrapeInput }) {
    this.taskId = config.taskId
    try {
      const result = await this.execute(orderOf(config.input))
      const message = `${result.reviews.length} reviews; pages read: ${result.pages}, given up: ${result.missing.length}`
      await this.end({ type: 'result', status: 'completed', message, result })
    } catch (error) {
      // What a browser that was closed under the work says is no failure.
      if (this.isAborted) return
      const words = error instanceof Error ? error.message : String(error)
      await this.end({ type: 'error', status: 'failed', error: words, ...(error instanceof InputError && { retry: false }) })
    }
  }

  private async execute(order: Required<ScrapeInput>): Promise<ScrapeOutput> {
    this.sendUpdate({ type: 'status', status: 'running', message: 'Starting the browser' })
    this.browser = chromium.launch({ executablePath: CHROMIUM, handleSIGTERM: false, handleSIGINT: false })
    const context = await (await this.browser).newContext()
    context.setDefaultTimeout(order.pageTimeoutMs)
    await context.route('**/*', (route) =>
      isAllowed(route.request().url()) && route.request().resourceType() !== 'image' ? route.continue() : route.abort(),
    )

    // Without the first page there is nothing to tell.
    const { product, addresses } = await this.withRetries(context, order.url, order.tries, contentsOf)
    const pages = addresses.length ? addresses : [order.url]
    const reviews: Review[] = []
    const missing: ScrapeOutput['missing'] = []
    for (const [index, url] of pages.entries()) {
      if (order.delayMs > 0) await sleep(order.delayMs)
      await this.checkPauseOrAbort()
      try {
        const found = await this.withRetries(context, url, order.tries, reviewsOf)
        for (const review of found) console.log(JSON.stringify(review))
        reviews.push(...found)
      } catch (error) {
        if (this.isAborted) throw error
        const why = firstLine(error)
        missing.push({ url, why })
        console.error(`${url}: given up: ${why}`)
      }
      const done = index + 1
      this.sendUpdate({
        type: 'progress',
        message: `${reviews.length} reviews`,
        progress: {
          percentage: Math.floor((100 * done) / pages.length),
          current: done,
          total: pages.length,
          ok: done - missing.length,
          failed: missing.length,
          message: `${reviews.length} reviews`,
        },
      })
    }
    await this.checkPauseOrAbort()
    return { product, pages: pages.length - missing.length, missing, reviews, average: averageOf(reviews) }
  }

  /** Opens a page and reads it, as often as it takes, each time in a tab of its own; the last failure is the reason. */
  private async withRetries<Read>(
    context: BrowserContext,
    url: string,
    tries: number,
    read: (page: Page) => Promise<Read>,
  ): Promise<Read> {
    for (let attempt = 1; ; attempt++) {
      const page = await context.newPage()
      try {
        await open(page, url)
        return await read(page)
      } catch (error) {
        if (this.isAborted || error instanceof PageError || attempt === tries) throw error
        this.sendUpdate({ type: 'message', message: `${url}: ${firstLine(error)}; trying again` })
      } finally {
        await page.close().catch(() => {})
      }
      await sleep(RETRY_AFTER_MS * 2 ** (attempt - 1))
      await this.checkPauseOrAbort()
    }
  }

  pause() {
    this.isPaused = true
  }

  resume() {
    this.isPaused = false
  }

  async abort() {
    if (this.isAborted) return
    this.isAborted = true
    await this.end({ type: 'status', status: 'aborted', message: 'Task aborted' })
  }

  /** The safe point: the work stands still here while it is paused, and never passes once it is aborted. */
  private async checkPauseOrAbort() {
    if (this.isPaused && !this.isAborted) {
      this.sendUpdate({ type: 'status', status: 'paused', message: 'Paused' })
      while (this.isPaused && !this.isAborted) await sleep(100)
      if (!this.isAborted) this.sendUpdate({ type: 'status', status: 'running', message: 'Resumed' })
    }
    if (this.isAborted) await new Promise(() => {})
  }

  /** The last word, once the browser is gone. Leaves only when it is on its way, because process.exit drops what is still queued. */
  private async end(update: Update) {
    if (this.isOver) return
    this.isOver = true
    await this.browser?.then((browser) => browser.close()).catch(() => {})
    this.sendUpdate(update, () => process.exit(update.status === 'failed' ? 1 : 0))
  }

  private sendUpdate(update: Update, sent?: () => void) {
    const whole = { timestamp: new Date().toISOString(), taskId: this.taskId, ...update }
    if (process.connected) process.send?.(whole, undefined, undefined, sent)
    else sent?.()
  }
}

async function open(page: Page, url: string) {
  const response = await page.goto(url, { waitUntil: 'domcontentloaded' })
  const status = response?.status() ?? 0
  if (status >= 500 || status === 429) throw new Error(`the page answered ${status}`)
  if (status >= 400) throw new PageError(`the page answered ${status}`)
}

function orderOf({ url, pageTimeoutMs = 10_000, tries = 3, delayMs = 0 }: ScrapeInput): Required<ScrapeInput> {
  const within = (value: number, least: number, most: number) => value >= least && value <= most
  if (!URL.canParse(url)) throw new InputError('url is missing: the address of the first page of reviews')
  if (!isAllowed(url)) throw new InputError(`${new URL(url).origin} is not one of the origins that may be visited`)
  if (!within(pageTimeoutMs, 100, 60_000)) throw new InputError('pageTimeoutMs is from 100 to 60000')
  if (!within(tries, 1, 10)) throw new InputError('tries is from 1 to 10')
  if (!within(delayMs, 0, 60_000)) throw new InputError('delayMs is from 0 to 60000')
  return { url, pageTimeoutMs, tries, delayMs }
}

function isAllowed(url: string): boolean {
  return ORIGINS.includes(new URL(url).origin)
}

/** Playwright adds its call log below. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const worker = new ScrapeReviewsWorker()

process.on('message', async (message: { type: string; config: { taskId: string; input: ScrapeInput } }) => {
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

process.on('SIGTERM', () => worker.abort())
// Whoever started this is gone: nobody would see the result.
process.on('disconnect', () => worker.abort())
