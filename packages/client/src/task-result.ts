/**
 * Reads what a completed job answered: summaries and frames do not carry it.
 * Collaborators: task-run says when. It refuses to give up for want of a connection, and to read twice.
 */
import type { Client } from './client.js'

/** A result that could not be read is asked for again after this long, then twice as long, up to 16 times. */
const READ_AGAIN_MS = 2_000
/** With one of these it will not come any more. */
const GONE: ReadonlySet<unknown> = new Set([403, 404, 410])

/** Called once: with nothing when the result is there, else with why it will not come. */
type Known = (problem?: unknown) => void

export class TaskResult {
  value: unknown
  known = false
  private asking = false
  private failures = 0
  private turn = 0
  private timer: unknown

  constructor(private readonly client: Client) {}

  async read(id: string, tell: Known): Promise<void> {
    if (this.asking || this.known) return
    const { turn } = this
    this.asking = true
    try {
      const { result } = await this.client.get(id)
      if (turn !== this.turn) return
      this.value = result
      this.known = true
      tell()
    } catch (problem) {
      if (turn !== this.turn) return
      if (GONE.has((problem as { status?: number }).status)) {
        tell(problem)
        return
      }
      const wait = READ_AGAIN_MS * 2 ** Math.min(this.failures++, 4)
      this.timer = this.client.environment.setTimer(() => {
        this.asking = false
        void this.read(id, tell)
      }, wait)
    }
  }

  /** Waits for nothing more; what was read stays. */
  rest(): void {
    this.turn++
    this.asking = false
    this.failures = 0
    this.client.environment.clearTimer(this.timer)
  }

  forget(): void {
    this.rest()
    this.known = false
    this.value = undefined
  }
}
