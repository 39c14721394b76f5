/**
 * The frames of the live protocol, version 1 (`docs/protocol.md`).
 * Collaborators: connection (all of them), the followers (those that name subscriptions).
 */
import type { JobSummary, OutputChunk, Progress, Stats, Task, Topic } from './records.js'

export type ClientFrame =
  | { type: 'auth'; token?: string }
  | { type: 'subscribe'; id: number; topic: Topic; after?: string }
  | { type: 'unsubscribe'; id: number }
  | { type: 'ping' }

export interface SnapshotFrame {
  type: 'snapshot'
  id: number
  jobs: JobSummary[]
  more?: boolean
}

export interface LiveFrame {
  type: 'live'
  id: number
  position?: string
  resumed: boolean
  reason?: string
  truncated?: boolean
}

export interface UpdateFrame {
  type: 'update'
  position: string
  subs: number[]
  kind: string
  job: JobSummary
}

export interface LeftFrame {
  type: 'left'
  position: string
  subs: number[]
  id: string
  rev: number
  kind?: string
}

export interface ProgressFrame {
  type: 'progress'
  subs: number[]
  id: string
  rev: number
  tick: number
  progress: Progress
}

export interface OutputFrame {
  type: 'output'
  subs: number[]
  id: string
  attempt: number
  offset: number
  next: number
  chunks: OutputChunk[]
  gap?: { from: number; to: number }
}

export interface StatsFrame {
  type: 'stats'
  subs: number[]
  stats: Stats
}

export interface TasksFrame {
  type: 'tasks'
  subs: number[]
  tasks: Task[]
}

export interface ErrorFrame {
  type: 'error'
  code: string
  message: string
  id?: number
}

/** What a follower is handed: a frame that names its subscription. */
export type FollowerFrame =
  | SnapshotFrame
  | LiveFrame
  | UpdateFrame
  | LeftFrame
  | ProgressFrame
  | OutputFrame
  | StatsFrame
  | TasksFrame
  | ErrorFrame

export type ServerFrame =
  | FollowerFrame
  | { type: 'hello'; protocol: number; epoch: string; heartbeatMs: number }
  | { type: 'authenticated'; principal?: unknown; expiresAt?: string }
  | { type: 'heartbeat'; position?: string }
  | { type: 'goingAway'; retryInMs: number }
  | { type: 'unsubscribed'; id: number }
  | { type: 'pong' }
