/** A page that comes back finds its job again: React 18, React 19 and `preact/compat`. */

export type { RecoveredJob, Recovery, RecoveryState } from './recovery.js'
export { useJobRecovery } from './use-job-recovery.js'
