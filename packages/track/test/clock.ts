/** A clock that a test moves: from timer to timer, each named by its length, so that every wait is asserted. */
interface Timer {
  at: number
  length: number
  run: () => void
}

export class Clock {
  time = 0
  private timers = new Set<Timer>()
  private set = () => {}

  readonly now = () => this.time

  readonly setTimer = (run: () => void, length: number): unknown => {
    const timer = { at: this.time + length, length, run }
    this.timers.add(timer)
    this.set()
    return timer
  }

  readonly clearTimer = (timer: unknown): void => {
    this.timers.delete(timer as Timer)
  }

  /** Waits until a timer of this length runs, moves the clock there, and lets it ring. */
  async pass(length: number): Promise<void> {
    let timer: Timer | undefined
    for (;;) {
      timer = [...this.timers].find((timer) => timer.length === length)
      if (timer) break
      await new Promise<void>((resolve) => {
        this.set = resolve
      })
    }
    this.timers.delete(timer)
    this.time = Math.max(this.time, timer.at)
    timer.run()
  }
}
