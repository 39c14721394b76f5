/**
 * Written by `cargo xtask codegen` from docs/reference/asyncapi.json. Names for it are in records.ts and frames.ts.
 */
import type { components as documented } from './openapi.js'
export interface components {
  schemas: {
    /** @description Who is there. First, within 5 s; again to refresh the rights. */
    'client.auth': {
      token?: string
      /** @enum {string} */
      type: 'auth'
    }
    'client.ping': {
      /** @enum {string} */
      type: 'ping'
    }
    /** @description Follow a topic. */
    'client.subscribe': {
      after?: string
      /** Format: int32 */
      id: number
      topic: documented['schemas']['Topic']
      /** @enum {string} */
      type: 'subscribe'
    }
    'client.unsubscribe': {
      /** Format: int32 */
      id: number
      /** @enum {string} */
      type: 'unsubscribe'
    }
    'server.authenticated': {
      expiresAt?: string
      principal: documented['schemas']['FramePrincipal']
      /** @enum {string} */
      type: 'authenticated'
    }
    'server.error': {
      code: string
      /** Format: int32 */
      id?: number
      message: string
      /** @enum {string} */
      type: 'error'
    }
    'server.goingAway': {
      /** Format: int64 */
      retryInMs: number
      /** @enum {string} */
      type: 'goingAway'
    }
    'server.heartbeat': {
      position: string
      /** @enum {string} */
      type: 'heartbeat'
    }
    'server.hello': {
      epoch: string
      /** Format: int64 */
      heartbeatMs: number
      /** Format: int32 */
      protocol: number
      /** @enum {string} */
      type: 'hello'
    }
    'server.left': {
      id: string
      /** @description `deleted`, or absent when it only ceased to match. */
      kind?: documented['schemas']['DeletedKind']
      position: string
      /** Format: int64 */
      rev: number
      subs: number[]
      /** @enum {string} */
      type: 'left'
    }
    'server.live': {
      /** Format: int32 */
      id: number
      /** @description Absent for topics without a place in the log: stats, tasks, output. */
      position?: string
      /** @description Why there was a snapshot: `fresh`, `epoch`, `expired`, `overflow`. */
      reason?: documented['schemas']['ResetReason']
      resumed: boolean
      truncated: boolean
      /** @enum {string} */
      type: 'live'
    }
    'server.output': {
      /** Format: int32 */
      attempt: number
      chunks: documented['schemas']['OutputChunk'][]
      gap?: documented['schemas']['OutputGap']
      id: string
      /** Format: int64 */
      next: number
      /** Format: int64 */
      offset: number
      subs: number[]
      /** @enum {string} */
      type: 'output'
    }
    'server.pong': {
      /** @enum {string} */
      type: 'pong'
    }
    'server.progress': {
      id: string
      progress: documented['schemas']['Progress']
      /** Format: int64 */
      rev: number
      subs: number[]
      /** Format: int64 */
      tick: number
      /** @enum {string} */
      type: 'progress'
    }
    'server.snapshot': {
      /** Format: int32 */
      id: number
      jobs: documented['schemas']['JobSummary'][]
      more: boolean
      /** @enum {string} */
      type: 'snapshot'
    }
    'server.stats': {
      stats: documented['schemas']['Stats']
      subs: number[]
      /** @enum {string} */
      type: 'stats'
    }
    'server.tasks': {
      subs: number[]
      tasks: documented['schemas']['TaskRecord'][]
      /** @enum {string} */
      type: 'tasks'
    }
    'server.unsubscribed': {
      /** Format: int32 */
      id: number
      /** @enum {string} */
      type: 'unsubscribed'
    }
    'server.update': {
      job: documented['schemas']['JobSummary']
      kind: documented['schemas']['EventKind']
      position: string
      subs: number[]
      /** @enum {string} */
      type: 'update'
    }
  }
  responses: never
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
