/**
 * `DashboardTriggerMonitor`: the runs of whoever is signed in, as a card that floats in a corner of every page.
 * Collaborators: `useUserRuns` for the runs, `useTriggerMonitor` and the button to open it. It is not modal, and takes the focus only from
 * the button that opens it.
 */
import { connectionText } from '@tidings/client/words'
import { useConnection, useTidings } from '@tidings/vue'
import {
  computed,
  defineComponent,
  h,
  nextTick,
  onBeforeUpdate,
  onMounted,
  onUpdated,
  type PropType,
  ref,
  type VNode,
  watch,
} from 'vue'
import { MonitorRow } from './monitor-row.js'
import { monitorTexts } from './monitor-texts.js'
import { isActive, type TriggerRun } from './run.js'
import { wearSheet } from './sheet.js'
import { type Sign, sign } from './signs.js'
import { useUserRuns } from './use-user-runs.js'
import { userRunsOf } from './user-runs.js'

/** Rows of history while nothing is active, and how many more each press brings. */
const HISTORY_ROWS = 5
const HISTORY_STEP = 10
const TICK_MS = 1_000

/** A button finds its card by it. */
export const MONITOR_ID = 'dashboard-trigger-monitor'

export const DashboardTriggerMonitor = defineComponent({
  name: 'DashboardTriggerMonitor',
  props: {
    /** Whether it is open. Left out, the button and `useTriggerMonitor` say so. */
    modelValue: { type: Boolean as PropType<boolean | undefined>, default: undefined },
  },
  emits: { 'update:modelValue': (open: boolean) => typeof open === 'boolean' },
  setup(props, { emit }) {
    const client = useTidings()
    const shared = userRunsOf(client)
    const { environment } = client
    const { runs, isLoading, refresh, cancelRun } = useUserRuns()
    const connection = useConnection()
    const card = ref<HTMLElement>()
    const onPage = ref(false)
    const now = ref(environment.now())
    /** Rows of history that were asked for beyond the usual. */
    const more = ref(0)
    /** Were active since it was opened: they stay when they end, so that their end is seen. */
    const seen = new Set<string>()
    const isOpen = computed(() => onPage.value && (props.modelValue ?? shared.open.value))
    const active = computed(() => runs.value.filter(isActive))
    const stillTicks = computed(() => isOpen.value && active.value.length > 0)

    function close(): void {
      const hadFocus = card.value?.contains(document.activeElement)
      shared.open.value = false
      emit('update:modelValue', false)
      const { opener } = shared
      shared.opener = undefined
      if (hadFocus) void nextTick(() => opener?.focus({ preventScroll: true }))
    }

    onMounted(() => {
      onPage.value = true
    })
    watch(isOpen, () => {
      seen.clear()
      more.value = 0
      now.value = environment.now()
    })
    watch(
      isOpen,
      () => {
        if (!card.value) return
        wearSheet(card.value)
        if (shared.opener) card.value.focus({ preventScroll: true })
      },
      { flush: 'post' },
    )
    watch(stillTicks, (ticks, _, onCleanup) => {
      if (!ticks) return
      let timer: unknown
      const tick = () => {
        now.value = environment.now()
        timer = environment.setTimer(tick, TICK_MS)
      }
      tick()
      onCleanup(() => environment.clearTimer(timer))
    })

    let hadFocus = false
    onBeforeUpdate(() => {
      hadFocus = !!card.value?.contains(document.activeElement)
    })
    onUpdated(() => {
      // What was pressed is gone with its run: the focus stays with the card.
      if (hadFocus && card.value && !card.value.contains(document.activeElement)) card.value.focus()
    })

    function connectionSaid(): string {
      const { state, since, reason } = connection
      return connectionText({ state: state.value, since: since.value, reason: reason.value }, now.value)
    }

    /** A dot says too little to a finger, and when something is to be done. */
    function offline(): VNode | undefined {
      const rests = connection.state.value === 'offline' || connection.state.value === 'stopped'
      return rests ? h('p', { class: 'tr-offline', role: 'status' }, connectionSaid()) : undefined
    }

    function head(): VNode {
      const texts = monitorTexts.value
      const said = connectionSaid()
      const busy = isLoading.value ? 'true' : undefined
      return h('header', { class: 'tr-bar-top' }, [
        sign('chip'),
        h('h2', { class: 'tr-title' }, texts.title),
        h('span', {
          class: 'tr-dot',
          'data-state': connection.state.value,
          role: 'img',
          'aria-label': said,
          title: said,
        }),
        active.value.length ? h('span', { class: 'tr-count' }, texts.running(active.value.length)) : undefined,
        h('span', { class: 'tr-tools' }, [
          quiet('refresh', texts.refresh, () => void refresh(), busy),
          quiet('close', texts.close, close),
        ]),
      ])
    }

    function rows(): { shown: readonly TriggerRun[]; isMore: boolean } {
      for (const { id } of active.value) seen.add(id)
      const limit = more.value + (active.value.length ? 0 : HISTORY_ROWS)
      const history = runs.value.filter((run) => !isActive(run) && !seen.has(run.id))
      const showing = new Set([...seen, ...history.slice(0, limit).map(({ id }) => id)])
      const ended = runs.value.filter((run) => !isActive(run) && showing.has(run.id))
      return { shown: [...active.value, ...ended], isMore: history.length > limit }
    }

    return () => {
      if (!isOpen.value) return undefined
      const texts = monitorTexts.value
      const { shown, isMore } = rows()
      const list = shown.map((run) => h(MonitorRow, { key: run.id, run, now: now.value, cancel: cancelRun }))
      const loadMore = () => {
        more.value += HISTORY_STEP
      }
      const keydown = (event: KeyboardEvent) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        close()
      }
      return h(
        'section',
        {
          ref: card,
          id: MONITOR_ID,
          class: 'tr-monitor',
          'aria-label': texts.title,
          tabindex: -1,
          onKeydown: keydown,
        },
        [
          head(),
          offline(),
          // Scrolls, so it has to be reached by the keyboard.
          h('div', { class: 'tr-box', tabindex: 0, role: 'group', 'aria-label': texts.title }, [
            list.length
              ? h('ul', { class: 'tr-runs', role: 'list' }, list)
              : h('p', { class: 'tr-empty' }, texts.nothing),
            isMore ? h('button', { type: 'button', class: 'tr-more', onClick: loadMore }, texts.loadMore) : undefined,
          ]),
        ],
      )
    }
  },
})

function quiet(name: Sign, said: string, press: () => void, busy?: 'true'): VNode {
  const words = { title: said, 'aria-label': said, 'aria-busy': busy }
  return h('button', { type: 'button', class: 'tr-quiet', onClick: press, ...words }, [sign(name)])
}
