import { test } from 'vitest'
import type { JobsTopic, JobsView, View } from '../src/index.js'
import { tellSettled } from '../src/task-run.js'
import { type Driver, Play, scenarios } from './scenarios.js'
import type { World } from './world.js'

/** The client without a binding: what a page of plain scripts would write. */
function driver({ client }: World): Driver {
  let jobs: View<JobsView> | undefined
  let shown: JobsView | undefined
  let connection = client.connection.getSnapshot().state
  let ends: (() => void)[] = []
  const settled: string[] = []
  const unmount = () => {
    for (const end of ends) end()
    ends = []
    jobs = shown = undefined
  }
  const find = (id: string) => shown?.jobs.find((job) => job.id === id)
  return {
    mount(topic: JobsTopic) {
      const former = ends
      const view = client.jobs(topic)
      const show = () => {
        shown = view.getSnapshot()
      }
      ends = [
        view.subscribe(show),
        client.connection.subscribe(() => {
          connection = client.connection.getSnapshot().state
        }),
        client.onSettled(topic, (job) => {
          tellSettled((each) => settled.push(`${each.id} ${each.status} ${each.settlement}`), job)
        }),
      ]
      for (const end of former) end()
      jobs = view
      show()
    },
    unmount,
    draw: (happen) => happen(),
    jobs: () => (jobs && shown ? shown.jobs.map((job) => `${job.id}@${job.rev}`) : []),
    statusOf: (id) => find(id)?.status,
    percentOf: (id) => find(id)?.progress?.percentage,
    askingOf: (id) => find(id)?.asking,
    error: () => shown?.error?.code,
    connectionState: () => connection,
    settled: () => settled,
    pause: (id) =>
      client.pause(id).then(
        () => '',
        (problem: Error) => problem.message,
      ),
  }
}

test.each(scenarios)('%s', (_, run) => run(new Play(driver)))
