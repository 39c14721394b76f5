/** Follow and steer the jobs of a Tidings server. */

export type { View } from './changes.js'
export { Client, type ConnectOptions, connect } from './client.js'
export type { ConnectionState, TokenSource } from './connection.js'
export type { Environment, Socket, SocketConstructor } from './environment.js'
export type { JobsView } from './follow-jobs.js'
export type { OutputPiece, OutputView } from './follow-output.js'
export { TidingsProblem } from './problem.js'
export * from './records.js'
