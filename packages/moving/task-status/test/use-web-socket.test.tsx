// @vitest-environment happy-dom
import type { Job } from '@tidings/client'
import { act, type ReactNode } from 'react'
import { afterEach, expect, test } from 'vitest'
import { job } from '../../../client/test/world.js'
import { createTaskStore, type Task, useTaskStore, useWebSocket } from '../src/index.js'
import { ended, fed, leaveAll, page } from './page.js'

afterEach(async () => {
  await leaveAll()
  useTaskStore.setState(useTaskStore.getInitialState(), true)
})

test('it connects on mount, feeds the store, and lets go when it is gone', async () => {
  const { play, text, store, render } = await fed()
  expect([text(), play.world.sockets.length]).toEqual(['connecting: ', 1])
  await play.open()
  await play.snapshot([job('job_1', 2, { externalId: '123' }), job('job_2', 2, { createdAt: '2026-11-22T09:00:00Z' })])
  expect(text()).toBe('connected: 123 running, job_2 running')
  await render(() => null)
  expect([store.getState().connectionStatus, Object.keys(store.getState().tasks)]).toEqual([
    'disconnected',
    ['123', 'job_2'],
  ])
  await play.pass(5_000)
  expect(play.leftBehind()).toMatchObject({ sockets: 0, topics: 0, timers: 0, frames: 0 })
})

test('by default it feeds the store of the app', async () => {
  const Page = () => {
    useWebSocket()
    return Object.keys(useTaskStore(({ tasks }) => tasks)).join()
  }
  const { play, text } = await page(Page)
  await play.open()
  await play.snapshot([job('a', 2)])
  expect(text()).toBe('a')
})

test('a task has the fields that pages know, and loses what is not told any more', async () => {
  const { play, task } = await fed()
  await play.open()
  const tags = ['assignee:ann', 'project:456']
  const error = { kind: 'exit', message: 'Code 1' }
  await play.snapshot([job('a', 2, { ...ended, status: 'failed', title: 'Nightly', tags, error })])
  const { job: record, createdAt, ...fields } = task('a') as Task
  expect(fields).toEqual({
    id: 'a',
    status: 'failed',
    updatedAt: new Date('2026-11-22T10:00:00Z'),
    name: 'check',
    title: 'Nightly',
    progress: {},
    error: 'Code 1',
    assignee: 'ann',
    projectId: '456',
    rev: 2,
  })
  expect([record?.id, createdAt]).toEqual(['a', new Date('2026-11-22T10:00:00Z')])
  await play.update('p2', job('a', 3, { status: 'pending', settlement: 2, tags: ['project:456'] }))
  expect(['error', 'title', 'assignee', 'projectId'].filter((name) => name in (task('a') as Task))).toEqual([
    'projectId',
  ])
})

test('a late update does not take a task back; what an app put beside stays', async () => {
  const { play, store, task, text } = await fed()
  const mine = { id: 'a', status: 'pending', updatedAt: new Date(0), room: 'blue' }
  await act(async () => store.getState().putTasks([mine, { id: 'own', status: 'disabled', updatedAt: new Date(0) }]))
  await play.open()
  await play.snapshot([job('a', 3)])
  await play.update('p2', job('a', 5, ended))
  await play.update('p3', job('a', 4))
  expect([text(), (task('a') as Task & { room: string }).room]).toEqual([
    'connected: a completed, own disabled',
    'blue',
  ])
  await play.say({ type: 'left', position: 'p4', subs: play.subscriptions(), id: 'a', rev: 6 })
  expect(text()).toBe('connected: own disabled')
})

test('only the task that changed is another object', async () => {
  const { play, task } = await fed()
  await play.open()
  await play.snapshot([job('a', 2), job('b', 2)])
  const before = task('b')
  await play.progress('a', 2, 1, 40)
  expect([task('a')?.progress?.percentage, task('b') === before]).toEqual([40, true])
})

test('the newest job of an id is the task', async () => {
  const { play, text } = await fed()
  await play.open()
  const old = job('job_1', 9, { externalId: '7', status: 'failed', createdAt: '2026-11-21T10:00:00Z' })
  await play.snapshot([old, job('job_2', 1, { externalId: '7', status: 'pending' })])
  expect(text()).toBe('connected: 7 pending')
})

test('what ends while somebody looks brings its output', async () => {
  const { play, task } = await fed()
  await play.open()
  await play.snapshot([job('a', 2, { settlement: 1 }), job('old', 2, ended)])
  play.world.answer = { status: 200, body: JSON.stringify({ ...job('a', 3, ended), result: { found: 3 } }) }
  await play.update('p2', job('a', 3, ended))
  await play.draw()
  expect([task('a')?.output, task('old')?.output, play.world.requests.length]).toEqual(['{"found":3}', undefined, 1])
  await play.update('p3', job('a', 4, { status: 'pending', settlement: 2 }))
  expect('output' in (task('a') as Task)).toBe(false)
})

test('the status is that of the connection', async () => {
  const { play, text, store } = await fed()
  await play.open()
  await play.snapshot([job('a', 2)])
  await play.close(1006)
  expect([text(), store.getState().error]).toEqual(['reconnecting: a running', 'connection_lost'])
  await play.pass(20_000)
  await play.open()
  expect(text()).toBe('reconnecting: a running')
  await play.resumed('p3', job('a', 3, { status: 'paused' }))
  expect([text(), store.getState().error]).toEqual(['connected: a paused', null])
})

test('disconnect ends it, reconnect begins it again, and neither harms another part of the page', async () => {
  const { play, text, controls } = await fed()
  const { client } = play.world
  client.jobs({ session: 'other' }).subscribe(() => {})
  await play.open()
  await play.snapshot([job('a', 2)])
  await act(async () => controls().disconnect())
  await play.pass(5_000)
  expect([text(), client.connection.getSnapshot().state]).toEqual(['disconnected: a running', 'live'])
  await act(async () => controls().disconnect())
  await act(async () => controls().reconnect())
  await play.draw()
  await play.snapshot([job('a', 3, { status: 'paused' })])
  expect(text()).toBe('connected: a paused')
})

test('reconnect between two tries tries at once', async () => {
  const { play, controls } = await fed()
  await play.open()
  await play.snapshot([])
  await play.close(1006)
  const before = play.world.sockets.length
  await act(async () => controls().reconnect())
  await play.draw()
  expect(play.world.sockets.length).toBe(before + 1)
})

test('several components are one feed', async () => {
  const store = createTaskStore()
  const One = (): ReactNode => {
    useWebSocket({ store })
    return null
  }
  let keys = ['1', '2']
  const Page = () => keys.map((key) => <One key={key} />)
  const { play, render } = await page(Page)
  await play.open()
  await play.snapshot([])
  keys = ['1']
  await render(Page)
  expect([store.getState().connectionStatus, play.subscriptions()]).toEqual(['connected', [1]])
})

test('send asks a verb of the job behind the task', async () => {
  const { play, controls } = await fed()
  await play.open()
  await play.snapshot([job('job_1', 2, { externalId: '123' })])
  play.world.answer = { status: 200, body: JSON.stringify(job('job_1', 3, { status: 'paused' })) }
  await act(async () => expect((await controls().send({ type: 'pause', taskId: '123' }))?.status).toBe('paused'))
  expect(play.world.requests.at(-1)?.url).toBe('http://tidings.test/api/v1/jobs/job_1/pause')
  expect(await controls().send({ type: 'ping', timestamp: 'now' })).toBeUndefined()
  expect(play.world.requests.length).toBe(1)
})

test('send says when it cannot', async () => {
  const { play, controls } = await fed()
  expect(() => controls().send({ type: 'ping' })).toThrow('WebSocket is not connected')
  await play.open()
  await play.snapshot([])
  expect(() => controls().send({ type: 'hello' } as never)).toThrow(TypeError)
  play.world.answer = {
    status: 409,
    body: JSON.stringify({ code: 'x', status: 409, title: 'Not now.', detail: 'It runs.' }),
  }
  await act(async () => {
    await expect(controls().send({ type: 'retry', taskId: 'a' })).rejects.toThrow('It runs.')
  })
})

test('nothing of a former user stays, though nobody follows at the time', async () => {
  const { play, store, controls } = await fed()
  await play.open()
  await play.snapshot([job('a', 2)])
  await act(async () => store.getState().putTasks([{ id: 'own', status: 'disabled', updatedAt: new Date(0) }]))
  await act(async () => controls().disconnect())
  await act(async () => play.world.client.identityChanged())
  expect(store.getState().tasks).toEqual({})
})

test('an output that comes after its user has left is nobody’s', async () => {
  const { play, store } = await fed()
  await play.open()
  await play.snapshot([job('a', 2, { settlement: 1 })])
  let release = (_: Job) => {}
  play.world.client.get = () =>
    new Promise((resolve) => {
      release = resolve
    })
  await play.update('p2', job('a', 3, ended))
  await act(async () => play.world.client.identityChanged())
  await act(async () => release({ ...job('a', 3, ended), result: 'secret' } as Job))
  expect(store.getState().tasks).toEqual({})
})
