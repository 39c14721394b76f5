import { createTidings } from '@tidings/vue'
import { expect, test } from 'vitest'
import { createSSRApp, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { World } from '../../../client/test/world.js'
import { DashboardTriggerMonitor, DashboardTriggerMonitorButton, useUserRunsState } from '../src/index.js'

test('a server renders the button without a count and a closed monitor, and follows nothing', async () => {
  expect(typeof document).toBe('undefined')
  const { client, sockets, requests } = new World()
  const Page = {
    setup() {
      const { onTaskCompleted, runs } = useUserRunsState()
      onTaskCompleted('generate-report', () => {})
      return () => [h('p', runs.value.length), h(DashboardTriggerMonitorButton), h(DashboardTriggerMonitor)]
    },
  }
  const html = await renderToString(createSSRApp(Page).use(createTidings({ client })))
  expect(html).toMatch(/<p>0<\/p><button type="button" class="tr-button"/)
  expect(html).not.toContain('tr-monitor')
  expect([sockets.length, requests.length]).toEqual([0, 0])
})
