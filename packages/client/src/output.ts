/**
 * The output of one job, gathered from its start or from where the last connection ended: its cursor is its own, attempt and byte offset.
 * Collaborators: `subscriptions`, `Changing`. It refuses what it already has.
 */
import { type Changes, Changing, type View } from './changes.js'
import type { Client } from './client.js'
import type { FollowerFrame } from './frames.js'
import type { OutputChunk } from './records.js'
import type { Follower } from './subscriptions.js'

/** UTF-16 units of text held; the oldest chunks are let go beyond it. */
export const OUTPUT_KEPT = 4_000_000

export interface OutputPiece extends OutputChunk {
  attempt: number
  /** Bytes that are no longer kept stood before this piece. */
  gap?: { from: number; to: number }
}

export interface OutputView {
  pieces: readonly OutputPiece[]
  /** Pieces let go because of `OUTPUT_KEPT`; add it to an index to name a piece for ever. */
  dropped: number
  ready: boolean
  error?: { code: string; message: string }
}

export class OutputFollower implements Follower {
  readonly topic: { output: string }
  readonly view: Changing<OutputView>
  #pieces: OutputPiece[] = []
  #dropped = 0
  #size = 0
  #attempt = 0
  #next = 0
  #ready = false
  #error: OutputView['error']

  constructor(id: string, changes: Changes) {
    this.topic = { output: id }
    this.view = new Changing(changes, () => this.#build())
  }

  cursor(): string | undefined {
    return this.#attempt ? `${this.#attempt}:${this.#next}` : undefined
  }

  join(): void {}

  receive(frame: FollowerFrame): void {
    if (frame.type === 'live') {
      this.#ready = true
      this.#error = undefined
    } else if (frame.type === 'error') {
      this.#error = { code: frame.code, message: frame.message }
    } else if (frame.type === 'output') {
      const behind = frame.attempt === this.#attempt && frame.next <= this.#next
      if (behind || frame.attempt < this.#attempt) return
      let gap = frame.gap
      for (const chunk of frame.chunks) {
        this.#pieces.push({ ...chunk, attempt: frame.attempt, ...(gap && { gap }) })
        this.#size += chunk.text.length
        gap = undefined
      }
      this.#attempt = frame.attempt
      this.#next = frame.next
    }
    this.view.touch()
  }

  empty(): void {
    this.#pieces = []
    this.#dropped = this.#size = this.#attempt = this.#next = 0
    this.#ready = false
    this.view.touch()
  }

  #build(): OutputView {
    let gone = 0
    while (this.#size > OUTPUT_KEPT && gone < this.#pieces.length - 1) this.#size -= this.#pieces[gone++].text.length
    this.#pieces = this.#pieces.slice(gone)
    this.#dropped += gone
    return {
      pieces: this.#pieces,
      dropped: this.#dropped,
      ready: this.#ready,
      ...(this.#error && { error: this.#error }),
    }
  }
}

/**
 * What a job writes, from its start, and on as it writes more. One view per job, however many look at it.
 *
 * @example
 * const output = outputOf(tidings, job.id)
 * output.subscribe(() => console.log(output.getSnapshot().pieces.map((piece) => piece.text).join('')))
 */
export function outputOf(client: Client, id: string): View<OutputView> {
  return client.view(`output ${id}`, (changes) => new OutputFollower(id, changes)) as View<OutputView>
}
