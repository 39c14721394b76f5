/** What an app with `useUserRuns` and its monitor keeps, on the jobs of a Tidings server: Vue 3.4 and later. */

export { DashboardTriggerMonitor } from './monitor.js'
export { DashboardTriggerMonitorButton } from './monitor-button.js'
export { type MonitorTexts, setMonitorTexts } from './monitor-texts.js'
export { createRuns } from './plugin.js'
export { ACTIVE_STATUSES, RUN_STATUSES, type RunStatus, runOf, runStatusOf, type TriggerRun } from './run.js'
export type { HookOptions, RunHook } from './task-hooks.js'
export {
  type TriggerMonitor,
  type UserRunsState,
  type UserRunsView,
  useTriggerMonitor,
  useUserRuns,
  useUserRunsState,
} from './use-user-runs.js'
