/**
 * One run in the monitor: its sign, its task, where it stands, how long, and a button that stops it.
 * Collaborators: the monitor hands in the run and the time. A refusal is shown in the row, not swallowed.
 */
import { problemText, wishText } from '@tidings/client/words'
import { defineComponent, h, type PropType, ref, type VNode } from 'vue'
import { monitorTexts } from './monitor-texts.js'
import { isActive, type TriggerRun } from './run.js'
import { runDuration, startTime, statusWord, taskName } from './run-words.js'
import { sign, signOfRun, toneOf } from './signs.js'

/** The end of an id tells runs apart. */
const ID_SHOWN = 8

/** Where the app shows the result, once there is one. An address that runs a script is none. */
function linkOf({ job, finishedAt }: TriggerRun): string | undefined {
  if (!job.link || !finishedAt) return undefined
  try {
    const { protocol } = new URL(job.link, document.baseURI)
    return protocol === 'http:' || protocol === 'https:' ? job.link : undefined
  } catch {
    return undefined
  }
}

function errorOf({ status, error }: TriggerRun): string | undefined {
  if (error) return error.message || monitorTexts.value.failed
  return status === 'FAILED' ? monitorTexts.value.failed : undefined
}

export const MonitorRow = defineComponent({
  name: 'MonitorRow',
  props: {
    run: { type: Object as PropType<TriggerRun>, required: true },
    /** Milliseconds since 1970. */
    now: { type: Number, required: true },
    cancel: { type: Function as PropType<(id: string) => Promise<void>>, required: true },
  },
  setup(props) {
    const stopping = ref(false)
    const refusal = ref<string>()

    async function stop(): Promise<void> {
      const { run } = props
      if (stopping.value || run.job.asking || run.job.wish?.kind === 'abort') return
      stopping.value = true
      refusal.value = undefined
      try {
        await props.cancel(run.id)
      } catch (problem) {
        refusal.value = problemText(problem)
      } finally {
        stopping.value = false
      }
    }

    function stopButton(name: string): VNode {
      const { job } = props.run
      const busy = stopping.value || job.asking === 'abort' || job.wish?.kind === 'abort'
      const said = {
        title: monitorTexts.value.stop,
        'aria-label': monitorTexts.value.stopOf(name),
        // Not `disabled`: that would take the focus away.
        'aria-disabled': busy ? 'true' : undefined,
        'aria-busy': busy ? 'true' : undefined,
      }
      return h('button', { type: 'button', class: 'tr-stop', onClick: stop, ...said }, [
        sign(busy ? 'spinner' : 'stop'),
      ])
    }

    function bar(name: string): VNode | undefined {
      const { percentage } = props.run.job.progress ?? {}
      if (percentage === undefined || !isActive(props.run)) return undefined
      return h('progress', { class: 'tr-bar', max: 100, value: percentage, 'aria-label': name })
    }

    return () => {
      const { run, now } = props
      const { job } = run
      const texts = monitorTexts.value
      const name = job.title ?? taskName(run.taskIdentifier)
      const href = linkOf(run)
      const stoppable = isActive(run) && job.verbs?.includes('abort')
      const wish = isActive(run) ? wishText(job, now) : undefined
      const message = isActive(run) ? job.progress?.message : undefined
      const error = errorOf(run)
      return h('li', { class: 'tr-run', 'data-tone': toneOf(run.status) }, [
        h('div', { class: 'tr-head' }, [
          sign(signOfRun(run.status)),
          h(href ? 'a' : 'span', { class: 'tr-name', href, title: run.taskIdentifier }, name),
          h('div', { class: ['tr-swap', stoppable && 'tr-stoppable'] }, [
            h('span', { class: 'tr-badge' }, statusWord(run.status, texts)),
            stoppable ? stopButton(name) : undefined,
          ]),
        ]),
        bar(name),
        message ? h('p', { class: 'tr-message', title: message }, message) : undefined,
        h('div', { class: 'tr-meta' }, [
          h('code', { title: run.id }, run.id.slice(-ID_SHOWN)),
          h('span', { class: 'tr-times' }, [
            wish ? h('span', { class: 'tr-wish' }, wish) : undefined,
            h('span', runDuration(run, now)),
            h('time', { datetime: run.startedAt }, startTime(run.startedAt, texts.locale)),
          ]),
        ]),
        error ? h('p', { class: 'tr-error' }, error) : undefined,
        refusal.value ? h('p', { class: 'tr-error', role: 'alert' }, texts.refused(refusal.value)) : undefined,
      ])
    }
  },
})
