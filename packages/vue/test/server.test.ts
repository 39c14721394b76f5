import { expect, test } from 'vitest'
import { createSSRApp, effectScope, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { World } from '../../client/test/world.js'
import { createTidings, useConnection, useDigest, useJob, useJobs, useSettled, useTask } from '../src/index.js'

/** A client on a server, and the topics that were asked of it. */
function served() {
  const world = new World()
  const { client } = world
  const asked: unknown[] = []
  const { jobs } = client
  client.jobs = (topic) => {
    asked.push(topic)
    return jobs.call(client, topic)
  }
  return { world, client, asked }
}

const Everything = {
  setup() {
    const { jobs, isLoading } = useJobs()
    const { job: newest } = useJob({ session: 's1' })
    const { status, isLooking } = useTask({ autoConnect: { session: 's1' } })
    const { unread } = useDigest()
    const { state } = useConnection()
    useSettled('check', () => {})
    const said = () =>
      [jobs, isLoading, newest, status, isLooking, unread, state].map((each) => JSON.stringify(each.value))
    return () => h('p', said().join(' '))
  },
}

test('a server renders what is known: nothing, and follows nothing', async () => {
  expect(typeof document).toBe('undefined')
  const { client, asked, world } = served()
  const app = createSSRApp(Everything).use(createTidings({ client }))
  expect(await renderToString(app)).toBe('<p>[] true  &quot;idle&quot; true 0 &quot;idle&quot;</p>')
  expect([asked, world.sockets.length, world.requests.length]).toEqual([[], 0, 0])
})

test('a store that is made on a server follows nothing either', () => {
  const { client, asked } = served()
  const app = createSSRApp(Everything).use(createTidings({ client }))
  const jobs = app.runWithContext(() => effectScope(true).run(() => useJobs()))
  expect([jobs?.jobs.value, asked]).toEqual([[], []])
})

test('without a plugin, too', async () => {
  expect(await renderToString(createSSRApp(Everything))).toContain('idle')
})
