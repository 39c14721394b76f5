/**
 * Lines out of pieces of output: a piece may end in the middle of a line, and two streams may take turns.
 * Collaborators: the output view. Colour codes are taken out; after a carriage return a line begins anew, as on a terminal.
 */
import type { OutputView } from '@tidings/client/output'

export interface OutputLine {
  /** Counts from 1; stays the same when older lines are let go. */
  number: number
  /** `stdout`, `stderr`, a level, or `note` for what this page says itself. */
  stream: string
  at: string
  text: string
}

/** Colours and cursor moves, titles of windows, and the other control characters but tab and carriage return. */
// biome-ignore lint/complexity/useRegexLiterals: a literal would hold control characters
const CODES = new RegExp(
  '\\x1b\\[[0-9;?]*[ -/]*[@-~]|\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]',
  'g',
)

export class OutputLines {
  lines: OutputLine[] = []
  private taken = 0
  private numbered = 0
  private attempt = 0
  /** Index of the unfinished line of a stream. */
  private readonly open = new Map<string, OutputLine>()

  /** Takes the pieces that came since the last time; true when there were any. */
  take(view: OutputView): boolean {
    if (view.dropped + view.pieces.length < this.taken) this.clear()
    const fresh = view.pieces.slice(Math.max(0, this.taken - view.dropped))
    this.taken = view.dropped + view.pieces.length
    if (fresh.length === 0) return false
    const added: OutputLine[] = []
    for (const piece of fresh) {
      if (piece.attempt !== this.attempt) {
        if (this.attempt || piece.attempt > 1) added.push(this.note(`attempt ${piece.attempt}`, piece.at))
        this.attempt = piece.attempt
        this.open.clear()
      }
      if (piece.gap)
        added.push(this.note(`${(piece.gap.to - piece.gap.from).toLocaleString()} bytes are no longer kept`, piece.at))
      const whole = piece.stream !== 'stdout' && piece.stream !== 'stderr'
      const texts = piece.text.split('\n')
      const rest = texts.pop() as string
      for (const text of texts) this.end(piece.stream, piece.at, text, added)
      if (rest && whole) this.end(piece.stream, piece.at, rest, added)
      else if (rest) this.extend(piece.stream, piece.at, rest, added)
    }
    this.lines = [...this.lines, ...added]
    return true
  }

  private clear(): void {
    this.lines = []
    this.taken = this.numbered = this.attempt = 0
    this.open.clear()
  }

  private note(text: string, at: string): OutputLine {
    return { number: ++this.numbered, stream: 'note', at, text }
  }

  private end(stream: string, at: string, text: string, added: OutputLine[]): void {
    this.extend(stream, at, text, added)
    this.open.delete(stream)
  }

  private extend(stream: string, at: string, text: string, added: OutputLine[]): void {
    const open = this.open.get(stream)
    if (open) {
      open.text = shown(open.text + text)
      return
    }
    const line = { number: ++this.numbered, stream, at, text: shown(text) }
    this.open.set(stream, line)
    added.push(line)
  }
}

function shown(text: string): string {
  const plain = text.replace(CODES, '').replace(/\r+$/, '')
  return plain.slice(plain.lastIndexOf('\r') + 1)
}
