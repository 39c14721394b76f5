/**
 * Why work has to stop: the reasons that `job.signal` is aborted with and that `checkpoint` throws.
 * Collaborators: reporter and tracker, which make them. All are named `AbortError`, so that code which knows that name knows these.
 */

/** What all reasons to stop have in common. */
export abstract class Stopped extends Error {
  /** `AbortError`, as everywhere on the platform. */
  override readonly name = 'AbortError'
}

/**
 * Somebody asked for it, or the task's time limit has passed. The job ends as `aborted` (`timed_out` by a limit) once the work
 * has stopped. Work that comes to its end all the same is told as completed.
 *
 * @example
 * try {
 *   response.json(await tidings.track('report', { owner }, build))
 * } catch (error) {
 *   if (error instanceof Aborted) response.status(409).json({ error: 'aborted' })
 *   else throw error
 * }
 */
export class Aborted extends Stopped {
  /** What was asked. */
  readonly asked: 'abort' | 'kill'
  /** Who asked: a user's id; undefined when the time limit did. */
  readonly by: string | undefined

  constructor(asked: 'abort' | 'kill', by?: string) {
    super(by === undefined ? 'the time limit of the job has passed' : `${by} asked to ${asked} the job`)
    this.asked = asked
    this.by = by
  }
}

/** The job is no longer this process's to report: it has ended already, or it was deleted. Nothing more can be told. */
export class LeaseLost extends Stopped {
  constructor(why: string) {
    super(`the job is not this process's any more: ${why}`)
  }
}

/** The app ends: `shutDown` was called. The job fails with kind `interrupted` and this message. */
export class Interrupted extends Stopped {
  /** The class of the error in the job's record. */
  readonly kind = 'interrupted'
}
