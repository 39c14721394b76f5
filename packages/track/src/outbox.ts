/**
 * What waits to be reported: output first, so that nothing is said after the end; then the newest progress with its acknowledgement.
 * Collaborators: reporter. Bounded, without IO.
 */

/** How far the work is. All fields may be left out; what is left out stays as it was. */
export interface Progress {
  /** 0 to 100. */
  percentage?: number
  /** Items done, in the work's own unit. */
  current?: number
  /** Items in all. */
  total?: number
  /** A sentence for people; cut at 500 bytes. */
  message?: string
  /** Items that went well. */
  ok?: number
  /** Items that failed. A completed job that has some carries the reason `partial`. */
  failed?: number
  /** Items that were left out. */
  skipped?: number
}

/** How a line of output is marked. */
export type Stream = 'stdout' | 'stderr' | 'debug' | 'info' | 'warn' | 'error'

interface Line {
  stream: Stream
  text: string
}

/** One report. */
export interface Word {
  verb: 'output' | 'progress'
  body: { chunks: Line[] } | (Progress & { acknowledge?: number })
}

/** Characters of output that wait while the server is away. Above, the oldest is dropped and a line says so. */
const OUTPUT_WAITING = 1024 * 1024
/** Characters of output in one report: at most 192 KB of UTF-8; the server takes 256 KB. */
const OUTPUT_REPORT = 64 * 1024

export class Outbox {
  private lines: Line[] = []
  private waiting = 0
  private dropped = 0
  private progress: Progress | undefined
  private acknowledge: number | undefined

  get isEmpty(): boolean {
    return this.lines.length === 0 && this.progress === undefined && this.acknowledge === undefined
  }

  get hasOutput(): boolean {
    return this.lines.length > 0
  }

  /** An acknowledgement does not wait for others. */
  get isUrgent(): boolean {
    return this.acknowledge !== undefined || this.waiting >= OUTPUT_REPORT
  }

  /** Field by field the newest wins. */
  addProgress(progress: Progress): void {
    this.progress = { ...this.progress, ...sound(progress) }
  }

  addAcknowledgement(wish: number): void {
    this.acknowledge = wish
  }

  addOutput(text: string, stream: Stream): void {
    const last = this.lines.at(-1)
    if (last?.stream === stream && last.text.length + text.length <= OUTPUT_REPORT) {
      last.text += text
      this.waiting += text.length
      return
    }
    for (let at = 0; at < text.length; ) {
      let end = Math.min(text.length, at + OUTPUT_REPORT)
      // Never between the halves of one character.
      if (end < text.length && text.charCodeAt(end - 1) >= 0xd800 && text.charCodeAt(end - 1) < 0xdc00) end -= 1
      this.lines.push({ stream, text: text.slice(at, end) })
      at = end
    }
    this.waiting += text.length
    while (this.waiting > OUTPUT_WAITING && this.lines.length > 1) this.drop()
  }

  /** The last progress goes with the end. */
  takeProgress(): Progress | undefined {
    const { progress } = this
    this.progress = undefined
    return progress
  }

  take(): Word | undefined {
    if (this.lines.length > 0) return { verb: 'output', body: { chunks: this.takeLines() } }
    if (this.isEmpty) return undefined
    const { acknowledge } = this
    this.acknowledge = undefined
    return {
      verb: 'progress',
      body: { ...this.takeProgress(), ...(acknowledge !== undefined && { acknowledge }) },
    }
  }

  /** Puts back what could not be sent; what came since wins. */
  putBack(word: Word): void {
    if ('chunks' in word.body) {
      this.lines.unshift(...word.body.chunks)
      for (const { text } of word.body.chunks) this.waiting += text.length
      return
    }
    const { acknowledge, ...progress } = word.body
    this.acknowledge ??= acknowledge
    if (Object.keys(progress).length > 0) this.progress = { ...progress, ...this.progress }
  }

  private takeLines(): Line[] {
    const taken: Line[] = []
    if (this.dropped > 0) {
      taken.push({
        stream: 'warn',
        text: `(${this.dropped} characters of output were dropped while Tidings was away)\n`,
      })
      this.dropped = 0
    }
    for (let size = 0; this.lines.length > 0; ) {
      size += this.lines[0].text.length
      if (size > OUTPUT_REPORT && taken.length > 0) break
      const line = this.lines.shift() as Line
      this.waiting -= line.text.length
      taken.push(line)
    }
    return taken
  }

  private drop(): void {
    const { length } = (this.lines.shift() as Line).text
    this.waiting -= length
    this.dropped += length
  }
}

/** Counts are whole and not below zero, percentages from 0 to 100: the server refuses others, and an odd fraction is no reason to. */
function sound(progress: Progress): Progress {
  const kept: Progress = {}
  for (const name of ['percentage', 'current', 'total', 'ok', 'failed', 'skipped'] as const) {
    const value = progress[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    kept[name] = name === 'percentage' ? Math.min(100, Math.max(0, value)) : Math.max(0, Math.round(value))
  }
  if (progress.message !== undefined) kept.message = String(progress.message)
  return kept
}
