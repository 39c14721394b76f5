/**
 * `DashboardTriggerMonitorButton`: how many runs are active, for the bar of an app; it opens and closes the monitor.
 * Collaborators: the monitor, wherever it stands on the page.
 */
import { useTidings } from '@tidings/vue'
import { defineComponent, h, onMounted, ref } from 'vue'
import { MONITOR_ID } from './monitor.js'
import { monitorTexts } from './monitor-texts.js'
import { wearSheet } from './sheet.js'
import { sign } from './signs.js'
import { useUserRunsState } from './use-user-runs.js'
import { userRunsOf } from './user-runs.js'

/** More than this many read as so many and more. */
const MOST = 99

export const DashboardTriggerMonitorButton = defineComponent({
  name: 'DashboardTriggerMonitorButton',
  setup() {
    const shared = userRunsOf(useTidings())
    const { activeRunCount } = useUserRunsState()
    const button = ref<HTMLElement>()
    const onPage = ref(false)

    onMounted(() => {
      onPage.value = true
      if (button.value) wearSheet(button.value)
    })

    function press(): void {
      shared.opener = button.value
      shared.open.value = !shared.open.value
    }

    return () => {
      const texts = monitorTexts.value
      const count = onPage.value ? activeRunCount.value : 0
      const isOpen = onPage.value && shared.open.value
      const words = {
        title: texts.title,
        'aria-label': count ? `${texts.button}: ${texts.running(count)}` : texts.button,
        'aria-expanded': isOpen ? 'true' : 'false',
        'aria-controls': isOpen ? MONITOR_ID : undefined,
      }
      return h('button', { ref: button, type: 'button', class: 'tr-button', onClick: press, ...words }, [
        sign('chip'),
        h('span', { class: 'tr-label' }, texts.button),
        count ? h('span', { class: 'tr-number' }, count > MOST ? `${MOST}+` : `${count}`) : undefined,
      ])
    }
  },
})
