/**
 * A topic that is one value, such as counts or the list of tasks: the newest wins.
 * Collaborators: connection, `Changing`.
 */
import { type Changes, Changing } from './changes.js'
import type { Follower } from './connection.js'
import type { FollowerFrame } from './frames.js'
import type { Topic } from './records.js'

export class NewestFollower<Value> implements Follower {
  /** Undefined until the first. */
  readonly view: Changing<Value | undefined>
  private value: Value | undefined

  /** `read` takes the value out of its frame, and answers undefined for any other. */
  constructor(
    readonly topic: Topic,
    private readonly read: (frame: FollowerFrame) => Value | undefined,
    changes: Changes,
  ) {
    this.view = new Changing(changes, () => this.value)
  }

  join(): void {}

  receive(frame: FollowerFrame): void {
    const value = this.read(frame)
    if (value === undefined) return
    this.value = value
    this.view.touch()
  }

  empty(): void {
    this.value = undefined
    this.view.touch()
  }
}
