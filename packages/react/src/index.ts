/** Hooks for the jobs of a Tidings server: React 18, React 19 and `preact/compat`. */

export { type Connection, useConnection } from './connection.js'
export { type Jobs, type OneJobView, useJob, useJobs } from './jobs.js'
export { TidingsProvider, useTidings } from './provider.js'
export { type DigestView, useDigest, useSettled } from './settled.js'
export { type Task, type TaskOptions, useTask } from './task.js'
