/**
 * Custom elements for the jobs of a Tidings server. Importing this registers them, once, and does nothing on a server.
 * Collaborators: `@tidings/client` follows the jobs.
 */
import { TidingsButton } from './button.js'
import { TidingsJob } from './job.js'
import { TidingsJobs } from './jobs.js'
import { TidingsProgress } from './progress.js'
import { TidingsToasts } from './toasts.js'
import { TidingsTray } from './tray.js'
import { TidingsTrayButton } from './tray-button.js'

export { setTexts, type TextChanges, type Texts } from '@tidings/client/words'
export type { TidingsEventDetails, TidingsEventMap, TidingsEventName } from './events.js'
export { setClient } from './page-client.js'
export { TidingsButton, TidingsJob, TidingsJobs, TidingsProgress, TidingsToasts, TidingsTray, TidingsTrayButton }

const ELEMENTS = {
  'tidings-button': TidingsButton,
  'tidings-job': TidingsJob,
  'tidings-jobs': TidingsJobs,
  'tidings-progress': TidingsProgress,
  'tidings-toasts': TidingsToasts,
  'tidings-tray': TidingsTray,
  'tidings-tray-button': TidingsTrayButton,
}

declare global {
  interface HTMLElementTagNameMap {
    'tidings-button': TidingsButton
    'tidings-job': TidingsJob
    'tidings-jobs': TidingsJobs
    'tidings-progress': TidingsProgress
    'tidings-toasts': TidingsToasts
    'tidings-tray': TidingsTray
    'tidings-tray-button': TidingsTrayButton
  }
}

if (typeof customElements !== 'undefined') {
  for (const [name, element] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, element)
  }
}
