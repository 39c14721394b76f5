// createJob, updateJob and failJob of the hybrid approach, on @tidings/track: the lease is kept and the heart beats in here. To copy.
//
//   const backgroundJobService = createBackgroundJobService({ url, token })
//   const id = await backgroundJobService.createJob({ userId, jobType, inputData, sessionId, relatedEntityId, relatedEntityType })
//   await backgroundJobService.updateJob(id, { status, progress, progressMessage, resultData })
//   await backgroundJobService.failJob(id, error)
//
// Besides: `signalOf(id)` is aborted when somebody cancels the job; `checkpoint(id)` waits while it is paused; `shutDown` tells what still runs.
//
// A job that was made is ended by `updateJob` with a status of `completed` or `failed`, by `failJob`, or with this process. What is said after the
// end changes nothing: it is logged, and answered with false. It refuses to run work that has no record: without Tidings `createJob` rejects.

import { tracker } from '@tidings/track'

/** `options`: those of `tracker` but for `onUnreachable`, and `warn`, which is told what is worth a line in the log; console.warn unless told. */
export function createBackgroundJobService({ warn = console.warn, ...options }) {
  const tidings = tracker({ ...options, onUnreachable: 'fail' }, { warn })
  /** The jobs of this process that have not ended, by id. */
  const running = new Map()

  /**
   * Makes a job that runs from now on, and answers its id. Rejects when Tidings refuses it or cannot be reached.
   *
   * `title` and `link` are for lists and toasts. `pausable`: the work calls `checkpoint`; otherwise a pause is refused.
   */
  function createJob({ userId, jobType, inputData, sessionId, relatedEntityId, relatedEntityType, title, link, pausable = false }) {
    const job = {
      owner: userId,
      session: sessionId,
      subject: relatedEntityId && { type: relatedEntityType ?? 'entity', id: relatedEntityId },
      input: inputData,
      title,
      link,
      pause: pausable ? 'cooperative' : 'none',
    }
    return new Promise((made, refused) => {
      const told = tidings.track(jobType, job, (held) => new Promise((complete, fail) => {
        running.set(held.id, { held, complete, fail, told: () => told })
        made(held.id)
      }))
      // Once it is made, its end is the handler's own: whoever ended it knows why.
      told.catch(refused)
    })
  }

  /** Says how far the work is, or that it is done: then it resolves when the record says so. Answers false when the job has ended before. */
  async function updateJob(id, { status, progress, progressMessage, resultData, errorMessage }) {
    if (status === 'failed') return failJob(id, new Error(errorMessage ?? progressMessage ?? 'failed'))
    const job = running.get(id)
    if (!job) {
      warn(`background job ${id}: told ${status ?? 'progress'} after its end`)
      return false
    }
    if (progress !== undefined || progressMessage !== undefined) job.held.progress({ percentage: progress, message: progressMessage })
    if (status === 'completed') await end(id, () => job.complete(resultData))
    return true
  }

  /**
   * The work has failed; resolves when the record says so. When somebody cancelled the job and the work threw what its signal was aborted
   * with, the record says that instead. Answers false when the job has ended before: the error is logged then, because nobody else tells it.
   */
  async function failJob(id, error) {
    const job = running.get(id)
    if (!job) {
      warn(`background job ${id}: failed after its end: ${error instanceof Error ? error.stack : error}`)
      return false
    }
    await end(id, () => job.fail(error))
    return true
  }

  async function end(id, say) {
    const { told } = running.get(id)
    running.delete(id)
    say()
    // Rejects as the work did, which is no news here.
    await told().catch(() => {})
  }

  /** Aborted when the work is no longer wanted: cancelled, lost, or the process ends. Hand it to fetch, child processes and the like. */
  function signalOf(id) {
    return heldOf(id).signal
  }

  /** A safe point: resolves at once, or after the resume when somebody paused the job; rejects when the work is no longer wanted. */
  async function checkpoint(id) {
    await heldOf(id).checkpoint()
  }

  function heldOf(id) {
    const job = running.get(id)
    if (!job) throw new Error(`background job ${id} does not run in this process`)
    return job.held
  }

  /** For a process that ends: signals are aborted, and what still runs is told as failed with this reason. */
  function shutDown(reason) {
    return tidings.shutDown({ reason })
  }

  return { createJob, updateJob, failJob, signalOf, checkpoint, shutDown }
}
