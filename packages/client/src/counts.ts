/**
 * A topic that is one value, such as counts or the list of tasks: the newest wins.
 * Collaborators: `subscriptions`, `Changing`.
 */
import { type Changes, Changing, type View } from './changes.js'
import type { Client } from './client.js'
import type { FollowerFrame } from './frames.js'
import type { Stats, Task, Topic } from './records.js'
import type { Follower } from './subscriptions.js'

class NewestFollower<Value> implements Follower {
  /** Undefined until the first. */
  readonly view: Changing<Value | undefined>
  #value: Value | undefined

  readonly topic: Topic
  readonly #read: (frame: FollowerFrame) => Value | undefined

  /** `read` takes the value out of its frame, and answers undefined for any other. */
  constructor(topic: Topic, read: (frame: FollowerFrame) => Value | undefined, changes: Changes) {
    this.topic = topic
    this.#read = read
    this.view = new Changing(changes, () => this.#value)
  }

  join(): void {}

  receive(frame: FollowerFrame): void {
    const value = this.#read(frame)
    if (value === undefined) return
    this.#value = value
    this.view.touch()
  }

  empty(): void {
    this.#value = undefined
    this.view.touch()
  }
}

function newestOf<Value>(client: Client, topic: Topic, read: (frame: FollowerFrame) => Value | undefined) {
  const make = (changes: Changes) => new NewestFollower(topic, read, changes)
  return client.view(JSON.stringify(topic), make) as View<Value | undefined>
}

/**
 * How many jobs there are by status, of those that the caller may see; undefined until the first.
 *
 * @example
 * const counts = countsOf(tidings)
 * counts.subscribe(() => console.log(counts.getSnapshot()?.active))
 */
export function countsOf(client: Client): View<Stats | undefined> {
  return newestOf(client, { stats: true }, (frame) => (frame.type === 'stats' ? frame.stats : undefined))
}

/**
 * What can be started; undefined until the first.
 *
 * @example
 * const tasks = tasksOf(tidings)
 * tasks.subscribe(() => console.log(tasks.getSnapshot()?.map((task) => task.name)))
 */
export function tasksOf(client: Client): View<readonly Task[] | undefined> {
  return newestOf(client, { tasks: true }, (frame) => (frame.type === 'tasks' ? frame.tasks : undefined))
}
