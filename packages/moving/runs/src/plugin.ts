/** Registers the components by their names, and gives the composables their client. */
import type { Client } from '@tidings/client'
import { createTidings } from '@tidings/vue'
import type { ObjectPlugin } from 'vue'
import { DashboardTriggerMonitor } from './monitor.js'
import { DashboardTriggerMonitorButton } from './monitor-button.js'

/**
 * A plugin with which templates know `<DashboardTriggerMonitor>` and `<DashboardTriggerMonitorButton>`.
 *
 * @param options `client`: for a server elsewhere, or for tokens. Without, the client that the app was given before, else that of the
 * page's origin.
 * @example
 * createApp(App).use(createRuns()).mount('#app')
 */
export function createRuns({ client }: { client?: Client } = {}): ObjectPlugin {
  return {
    install(app) {
      if (client) app.use(createTidings({ client }))
      app.component('DashboardTriggerMonitor', DashboardTriggerMonitor)
      app.component('DashboardTriggerMonitorButton', DashboardTriggerMonitorButton)
    },
  }
}
