/** Composables for the jobs of a Tidings server: Vue 3.4 and later. */

export { type Connection, useConnection } from './connection.js'
export { type Jobs, type OneJobView, useJob, useJobs } from './jobs.js'
export { createTidings, tidingsKey, useTidings } from './provider.js'
export { type DigestView, useDigest, useSettled } from './settled.js'
export { type Task, type TaskOptions, useTask } from './task.js'
