/** The edges below WebSocket, loaded together when they are needed. */
export { pollLink } from './poll.js'
export { streamLink } from './stream.js'
