/** What an app with `useWebSocket` and a Zustand store of task states keeps, on the jobs of a Tidings server: React 18 and later. */

export { type Agent, selectAgents } from './agents.js'
export {
  getCalendarEventColor,
  getStatusBadgeText,
  getStatusIcon,
  getTaskStatusColors,
  type StatusIcon,
  TASK_STATUS_COLORS,
  type TaskStatusColors,
} from './task-status-colors.js'
export {
  type ConnectionStatus,
  createTaskStore,
  selectConnectionStatus,
  selectStatusCounts,
  selectTask,
  selectTasks,
  selectTasksByStatus,
  type Task,
  type TaskPatch,
  type TaskSlice,
  taskSlice,
  useTaskStore,
} from './task-store.js'
export { type SocketMessage, type UseWebSocketOptions, useWebSocket, type WebSocketControls } from './use-web-socket.js'
