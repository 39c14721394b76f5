/**
 * The frames of the live protocol, version 1 (`docs/protocol.md`), by name. Each union tells its frames apart by `type`.
 * Collaborators: generated/asyncapi, which the live document is written into; the connection (all of them), the followers (those that name
 * subscriptions).
 */
import type { components } from './generated/asyncapi.js'

type Messages = components['schemas']
type From<Side extends 'client' | 'server'> = Messages[Extract<keyof Messages, `${Side}.${string}`>]

/** A frame that this side sends. */
export type ClientFrame = From<'client'>

/** A frame that the server sends. Unknown types are ignored. */
export type ServerFrame = From<'server'>

export type SnapshotFrame = Messages['server.snapshot']
export type LiveFrame = Messages['server.live']
export type UpdateFrame = Messages['server.update']
export type LeftFrame = Messages['server.left']
export type ProgressFrame = Messages['server.progress']
export type OutputFrame = Messages['server.output']
export type StatsFrame = Messages['server.stats']
export type TasksFrame = Messages['server.tasks']
export type ErrorFrame = Messages['server.error']

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
