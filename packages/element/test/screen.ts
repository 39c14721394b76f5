/** The screen of the scenarios: one element in a page, read as it is drawn. */
import type { Driver } from '../../client/test/scenarios.js'
import type { World } from '../../client/test/world.js'
import type {} from '../src/index.js'
import { all, inside } from './page.js'

export type ElementName = Extract<keyof HTMLElementTagNameMap, `tidings-${string}`>

/** An element that was told something draws again after this long at most. */
const PACE_MS = 100

export function screenOf(name: ElementName, attributes: Record<string, string> = {}) {
  return (world: World): Driver => {
    const { client } = world
    const { ask } = client
    const settled: string[] = []
    let element: HTMLElementTagNameMap[ElementName] | undefined
    let asked: Promise<unknown> = Promise.resolve()
    client.ask = (id, verb) => {
      const answer = ask.call(client, id, verb)
      asked = answer
      return answer
    }

    const shown = (selector: string) => (element ? all(element, selector) : [])
    const find = (id: string) => shown('[data-job]').find(({ dataset }) => dataset.job === id)
    return {
      mount: (topic) => {
        const named = Object.entries({ ...attributes, ...topic })
        if (!element) {
          element = document.createElement(name)
          element.client = client
          element.addEventListener('tidings-settled', ({ detail: { job } }) => {
            settled.push(`${job.id} ${job.status} ${job.settlement}`)
          })
        }
        for (const [key, value] of named) element.setAttribute(key, String(value))
        if (!element.isConnected) document.body.append(element)
      },
      unmount: () => {
        element?.remove()
        element = undefined
      },
      draw: async (happen) => {
        happen()
        await turn()
        world.pass(PACE_MS)
        await turn()
      },
      jobs: () => shown('[data-job]').map(({ dataset }) => `${dataset.job}@${dataset.rev}`),
      statusOf: (id) => find(id)?.querySelector('.chip')?.textContent ?? undefined,
      percentOf: (id) => {
        const percent = find(id)?.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')
        return percent ? Number(percent) : undefined
      },
      askingOf: (id) => find(id)?.dataset.asking,
      error: () => shown('[data-error]')[0]?.dataset.error,
      // Not only what is shown: nothing is, when nobody is signed in.
      connectionState: () =>
        (element && inside(element).querySelector<HTMLElement>('.connection')?.dataset.state) ?? '',
      settled: () => settled,
      pause: async (id) => {
        let reason = ''
        element?.addEventListener('tidings-refused', ({ detail }) => {
          reason = (detail.problem as Error).message
        })
        find(id)?.querySelector<HTMLElement>('.verb-pause')?.click()
        await asked.catch(() => {})
        return reason
      },
    }
  }
}

/** What an element draws once it has been told, and what it tells then. Not longer: a request would be answered meanwhile. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await Promise.resolve()
}
