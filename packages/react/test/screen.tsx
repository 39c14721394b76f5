/** The screen of the scenarios, in React and in whatever takes its place. */
import type { ConnectionState, JobSummary, JobsTopic } from '@tidings/client'
import type { ReactNode } from 'react'
import type { Driver } from '../../client/test/scenarios.js'
import type { World } from '../../client/test/world.js'
import { TidingsProvider, useConnection, useJobs, useSettled } from '../src/index.js'

/** How a library puts a tree on a page, and lets what was begun come to its end. */
export interface Library {
  createRoot(at: HTMLElement): { render(tree: ReactNode): void; unmount(): void }
  act(happen: () => void | Promise<void>): Promise<void> | void
  /** Around the screen, such as a strict mode. */
  within?(tree: ReactNode): ReactNode
}

interface Drawn {
  jobs: ReturnType<typeof useJobs>
  state: ConnectionState['state']
}

export function screenOf({ createRoot, act, within = (tree) => tree }: Library) {
  return ({ client }: World): Driver => {
    let drawn: Drawn | undefined
    let state: string = client.connection.getSnapshot().state
    const settled: string[] = []
    const hear = (job: JobSummary) => void settled.push(`${job.id} ${job.status} ${job.settlement}`)

    function Screen({ topic }: { topic: JobsTopic }): ReactNode {
      const jobs = useJobs(topic)
      const connection = useConnection()
      useSettled(topic, { onCompleted: hear, onFailed: hear })
      drawn = { jobs, state: connection.state }
      state = connection.state
      return jobs.jobs.map((job) => <li key={job.id}>{`${job.id}@${job.rev}`}</li>)
    }

    const at = document.createElement('ul')
    let root: ReturnType<Library['createRoot']> | undefined
    const find = (id: string) => drawn?.jobs.jobs.find((job) => job.id === id)
    return {
      mount: (topic) => {
        root ??= createRoot(at)
        const screen = within(<Screen topic={{ ...topic }} />)
        return act(() => root?.render(<TidingsProvider client={client}>{screen}</TidingsProvider>))
      },
      unmount: async () => {
        await act(() => root?.unmount())
        root = drawn = undefined
      },
      draw: (happen) => act(happen),
      jobs: () => [...at.querySelectorAll('li')].map((item) => item.textContent ?? ''),
      statusOf: (id) => find(id)?.status,
      percentOf: (id) => find(id)?.progress?.percentage,
      askingOf: (id) => find(id)?.asking,
      error: () => drawn?.jobs.error?.code,
      connectionState: () => state,
      settled: () => settled,
      pause: async (id) => {
        if (!drawn) return 'nothing is drawn'
        return drawn.jobs.pause(id).then(
          () => '',
          (problem: Error) => problem.message,
        )
      },
    }
  }
}
