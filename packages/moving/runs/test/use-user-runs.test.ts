// @vitest-environment happy-dom
import { TidingsProblem } from '@tidings/client'
import { afterEach, expect, test } from 'vitest'
import { h, nextTick, shallowRef } from 'vue'
import { useTriggerMonitor, useUserRuns, useUserRunsState } from '../src/index.js'
import { active, answer, ended, leaveAll, page } from './page.js'

afterEach(leaveAll)

const lines = ({ runs }: Pick<ReturnType<typeof useUserRuns>, 'runs'>) =>
  runs.value.map((run) => `${run.id} ${run.status}`).join(', ')

test('all components share one list and one subscription', async () => {
  const Line = {
    setup: () =>
      (
        ({ runs }) =>
        () =>
          h('p', lines({ runs }))
      )(useUserRuns()),
  }
  const { play, at } = await page(() => () => [h(Line), h(Line), h(Line)])
  expect([play.world.sockets.length, at.textContent]).toEqual([1, ''])
  await play.open()
  await play.snapshot([active('a'), ended('b', 'timed_out', { createdAt: '2026-11-22T09:00:00Z' })])
  const said = [...at.querySelectorAll('p')].map((line) => line.textContent)
  expect(new Set(said)).toEqual(new Set(['a EXECUTING, b TIMED_OUT']))
  expect([play.subscriptions(), play.world.sockets.length]).toEqual([[1], 1])
})

test('a late answer never takes a run back to executing', async () => {
  const { play, text } = await page(() =>
    (
      ({ runs }) =>
      () =>
        lines({ runs })
    )(useUserRuns()),
  )
  await play.open()
  await play.snapshot([active('a', 3)])
  await play.update('p2', ended('a', 'completed'))
  await play.update('p3', active('a', 4))
  expect(text()).toBe('a COMPLETED')
})

test('a run that the server no longer has is gone, so that none is executing for ever', async () => {
  const { play, text } = await page(() =>
    (
      ({ runs }) =>
      () =>
        lines({ runs })
    )(useUserRuns()),
  )
  await play.open()
  await play.snapshot([active('a'), active('b')])
  await play.again({ epoch: 'e2' })
  await play.snapshot([active('b', 1)], { reason: 'epoch' })
  expect(text()).toBe('b EXECUTING')
})

test('refresh is done when the run that was just started is shown; none is skipped', async () => {
  let view!: ReturnType<typeof useUserRuns>
  const { play, text } = await page(() => {
    view = useUserRuns()
    return () => `${lines(view)} ${view.isLoading.value}`
  })
  await play.open()
  await play.snapshot([])
  expect(text()).toBe('false')
  answer(play, 200, { jobs: [active('new', 1, { status: 'pending' })] })
  const done: string[] = []
  const all = [view.refresh(), view.refresh(), view.fetchActiveRuns()].map((each) =>
    each.then(() => done.push(text() ?? '')),
  )
  await play.draw()
  expect([text(), done, play.world.requests.length]).toEqual(['true', [], 3])
  expect(play.world.requests[0].url).toBe('http://tidings.test/api/v1/jobs?owner=me&limit=50')
  await play.update('p2', active('new', 1, { status: 'pending' }))
  await Promise.all(all)
  await nextTick()
  expect([done.length, text()]).toEqual([3, 'new QUEUED false'])
})

test('refresh does not reject when the server cannot be asked, and waits five seconds at most', async () => {
  let view!: ReturnType<typeof useUserRuns>
  const { play } = await page(() => {
    view = useUserRuns()
    return () => ''
  })
  await play.open()
  await play.snapshot([])
  play.world.reachable = false
  await view.refresh()
  play.world.reachable = true
  answer(play, 200, { jobs: [active('gone')] })
  let done = false
  const waits = view.refresh().then(() => {
    done = true
  })
  await play.draw()
  await play.pass(4_999)
  expect(done).toBe(false)
  await play.pass(1)
  await waits
  expect(view.isLoading.value).toBe(false)
})

test('isConnected says whether the list is live', async () => {
  const { play, text } = await page(() =>
    (
      ({ isConnected }) =>
      () =>
        `${isConnected.value}`
    )(useUserRuns()),
  )
  await play.open()
  await play.snapshot([])
  expect(text()).toBe('true')
  await play.close(1006)
  expect(text()).toBe('false')
})

test('nothing of a former user is shown', async () => {
  const { play, text } = await page(() =>
    (
      ({ runs }) =>
      () =>
        lines({ runs })
    )(useUserRuns()),
  )
  await play.open()
  await play.snapshot([active('a')])
  play.world.client.identityChanged()
  await nextTick()
  expect(text()).toBe('')
  play.world.me = { subject: 'bob', tenant: 'default', scopes: [] }
  await play.open()
  await play.snapshot([active('b', 2, { owner: 'bob' })])
  expect(text()).toBe('b EXECUTING')
})

test('cancelRun asks for the job behind the run, and says why not', async () => {
  let view!: ReturnType<typeof useUserRunsState>
  const { play, text } = await page(() => {
    view = useUserRunsState()
    return () => `${view.activeRunCount.value}`
  })
  await play.open()
  await play.snapshot([active('job_1', 2, { externalId: 'run_1' })])
  expect(text()).toBe('1')
  answer(play, 409, { code: 'not_allowed', status: 409, title: 'Not now.', detail: 'It has ended.' })
  await expect(view.cancelRun('run_1')).rejects.toBeInstanceOf(TidingsProblem)
  expect(play.world.requests.at(-1)?.url).toBe('http://tidings.test/api/v1/jobs/job_1/abort')
  answer(play, 200, active('job_1', 3))
  expect(await view.cancelRun('run_1')).toBeUndefined()
})

test('the monitor is opened from anywhere in the app', async () => {
  let one!: ReturnType<typeof useTriggerMonitor>
  let other!: ReturnType<typeof useTriggerMonitor>
  await page(() => {
    one = useTriggerMonitor()
    other = useTriggerMonitor()
    return () => ''
  })
  one.toggle()
  expect(other.isOpen.value).toBe(true)
  other.close()
  expect(one.isOpen.value).toBe(false)
  other.open()
  expect(one.isOpen.value).toBe(true)
})

test('1,000 components that come and go leave nothing behind', async () => {
  const shown = shallowRef<number[]>([])
  const All = {
    setup() {
      const { runs, onTaskCompleted, onTaskFailed } = useUserRunsState()
      onTaskCompleted('generate-report', () => {})
      onTaskFailed('generate-report', () => {}, { tag: 'report:1' })
      return () => runs.value.length
    },
  }
  const { play } = await page(() => () => shown.value.map((n) => h(All, { key: n })))
  for (let n = 0; n < 20; n++) {
    shown.value = Array.from({ length: 50 }, (_, m) => n * 50 + m)
    await nextTick()
    if (n === 10) await play.open()
    shown.value = []
    await nextTick()
    await play.pass(100)
  }
  await play.pass(5_000)
  expect(play.leftBehind()).toEqual({ sockets: 0, topics: 0, listeners: 0, timers: 0, frames: 0 })
})
