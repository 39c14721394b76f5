/** Turn the work of a request handler into a job that everybody can follow. */

export type { Environment } from './environment.js'
export type { Job } from './job.js'
export type { Progress, Stream } from './outbox.js'
export { TidingsProblem } from './problem.js'
export type { TokenSource } from './server.js'
export { Aborted, Interrupted, LeaseLost, Stopped } from './stopped.js'
export {
  type JobError,
  type OnUnreachable,
  type ShutDownOptions,
  type Tracker,
  type TrackerOptions,
  type TrackOptions,
  tracker,
} from './tracker.js'
