/**
 * What the monitor and its button say, in English, and the one place where an app replaces it.
 * Collaborators: the components draw again when it changes. What stands about connections and problems is said by `@tidings/client/words`.
 */
import { shallowRef } from 'vue'

export interface MonitorTexts {
  /** BCP 47 tag for numbers and times; undefined: that of the browser. */
  locale?: string
  title: string
  /** On the button, where there is room. */
  button: string
  running(count: number): string
  refresh: string
  close: string
  stop: string
  stopOf(task: string): string
  refused(why: string): string
  nothing: string
  loadMore: string
  failed: string
  /** By status of a run. One that is missing shows its name. */
  statuses: Record<string, string>
}

const english: MonitorTexts = {
  title: 'Background tasks',
  button: 'Tasks',
  running: (count) => `${count} running`,
  refresh: 'Refresh',
  close: 'Close',
  stop: 'Stop task',
  stopOf: (task) => `Stop ${task}`,
  refused: (why) => `It was not stopped. ${why}`,
  nothing: 'No active tasks.',
  loadMore: 'Load more',
  failed: 'It failed without saying why.',
  statuses: {},
}

export const monitorTexts = shallowRef(english)

/**
 * Replaces texts of the monitor and its button. What is not named is English.
 *
 * @example
 * setMonitorTexts({ locale: 'de', button: 'Aufgaben', running: (count) => `${count} laufen`, statuses: { EXECUTING: 'läuft' } })
 */
export function setMonitorTexts(changes: Partial<MonitorTexts>): void {
  monitorTexts.value = { ...english, ...changes }
}
