import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { World } from '../../client/test/world.js'
import {
  TidingsProvider,
  useConnection,
  useDigest,
  useJob,
  useJobs,
  useSettled,
  useTask,
  useTidings,
} from '../src/index.js'

function Everything({ session }: { session: string }) {
  const { jobs, isLoading } = useJobs()
  const { job } = useJob({ session })
  const { status, isLooking } = useTask({ autoConnect: { session } })
  const { unread } = useDigest()
  const { state } = useConnection()
  useSettled('check', () => {})
  return `${jobs.length} ${isLoading} ${job?.id} ${status} ${isLooking} ${unread} ${state}`
}

test('a server renders what is known: nothing, and opens nothing', () => {
  expect(typeof document).toBe('undefined')
  const world = new World()
  const page = renderToString(
    <TidingsProvider client={world.client}>
      <Everything session="s1" />
    </TidingsProvider>,
  )
  expect(page).toBe('0 true undefined idle true 0 idle')
  expect([world.sockets.length, world.frames.length, world.requests.length]).toEqual([0, 0, 0])
})

test('a server keeps nothing of the topics that it rendered', () => {
  const world = new World()
  const { client } = world
  const asked: unknown[] = []
  const { jobs } = client
  client.jobs = (topic) => {
    asked.push(topic)
    return jobs.call(client, topic)
  }
  for (let n = 0; n < 100; n++) {
    renderToString(
      <TidingsProvider client={client}>
        <Everything session={`s${n}`} />
      </TidingsProvider>,
    )
  }
  expect(asked).toEqual([])
})

test('without a provider, too', () => {
  let client: unknown
  const Asks = () => {
    client = useTidings()
    return <Everything session="s1" />
  }
  expect(renderToString(<Asks />)).toContain('idle')
  expect(client).toBeDefined()
})
