/** Follow and steer the jobs of a Tidings server. */

export type { View } from './changes.js'
export { Client, type ConnectOptions, connect } from './client.js'
export type { ConnectionState, Principal, TokenSource } from './connection.js'
export type { Channel, Environment, Keep, Locks, PageEvents, Socket, SocketConstructor } from './environment.js'
export type { ShownJob } from './expectations.js'
export type { JobsView } from './follow-jobs.js'
export { TidingsProblem } from './problem.js'
export * from './records.js'
export type { Settled } from './settled.js'
