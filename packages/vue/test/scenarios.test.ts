// @vitest-environment happy-dom
import type { JobSummary, JobsTopic } from '@tidings/client'
import { test } from 'vitest'
import { type App, createApp, defineComponent, h, nextTick, shallowRef } from 'vue'
import { type Driver, Play, scenarios } from '../../client/test/scenarios.js'
import type { World } from '../../client/test/world.js'
import { createTidings, useConnection, useJobs, useSettled } from '../src/index.js'

function driver({ client }: World): Driver {
  const settled: string[] = []
  const hear = (job: JobSummary) => void settled.push(`${job.id} ${job.status} ${job.settlement}`)
  const topic = shallowRef<JobsTopic>({ owner: 'me' })
  let drawn: ReturnType<typeof useJobs> | undefined
  let state: string = client.connection.getSnapshot().state

  const Screen = defineComponent(() => {
    const jobs = useJobs(topic)
    const connection = useConnection()
    useSettled(topic, { onCompleted: hear, onFailed: hear })
    drawn = jobs
    return () => {
      state = connection.state.value
      return jobs.jobs.value.map((job) => h('li', { key: job.id }, `${job.id}@${job.rev}`))
    }
  })

  const at = document.createElement('ul')
  let app: App | undefined
  const find = (id: string) => drawn?.jobs.value.find((job) => job.id === id)
  return {
    mount: (now) => {
      topic.value = { ...now }
      if (!app) {
        app = createApp(Screen).use(createTidings({ client }))
        app.mount(at)
      }
      return nextTick()
    },
    unmount: () => {
      app?.unmount()
      app = drawn = undefined
    },
    draw: (happen) => {
      happen()
      return nextTick()
    },
    jobs: () => [...at.querySelectorAll('li')].map((item) => item.textContent ?? ''),
    statusOf: (id) => find(id)?.status,
    percentOf: (id) => find(id)?.progress?.percentage,
    askingOf: (id) => find(id)?.asking,
    error: () => drawn?.error.value?.code,
    connectionState: () => state,
    settled: () => settled,
    pause: async (id) => {
      if (!drawn) return 'nothing is drawn'
      return drawn.pause(id).then(
        () => '',
        (problem: Error) => problem.message,
      )
    },
  }
}

test.each(scenarios)('%s', (_, run) => run(new Play(driver)))
