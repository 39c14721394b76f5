import { expect, test } from 'vitest'
import { create } from 'zustand'
import {
  createTaskStore,
  selectStatusCounts,
  selectTask,
  selectTasks,
  selectTasksByStatus,
  type Task,
  type TaskSlice,
  taskSlice,
} from '../src/index.js'

const task = (id: string, status: string, minute: number, more: Partial<Task> = {}): Task => ({
  id,
  status,
  updatedAt: new Date(0),
  createdAt: new Date(minute * 60_000),
  ...more,
})

test('a patch changes a task that is held, and no other', () => {
  const { getState } = createTaskStore()
  getState().putTasks([task('1', 'pending', 1), task('2', 'pending', 2)])
  const other = getState().tasks['2']
  getState().updateTask('1', { status: 'running' })
  getState().updateTask('3', { status: 'running' })
  expect([getState().tasks['1'].status, getState().tasks['2'] === other, Object.keys(getState().tasks)]).toEqual([
    'running',
    true,
    ['1', '2'],
  ])
})

test('a patch that is older than what is held is dropped', () => {
  const { getState } = createTaskStore()
  getState().putTasks([task('1', 'completed', 1, { rev: 5 })])
  const before = getState().tasks
  getState().updateTask('1', { status: 'running', rev: 4 })
  expect(getState().tasks).toBe(before)
  getState().updateTask('1', { status: 'pending', rev: 6 })
  expect(getState().tasks['1'].status).toBe('pending')
})

test('selectors answer the same list for the same tasks, newest first', () => {
  const { getState } = createTaskStore()
  getState().putTasks([task('1', 'pending', 1), task('2', 'running', 2), task('3', 'pending', 3)])
  const state = getState()
  expect(selectTasks(state).map(({ id }) => id)).toEqual(['3', '2', '1'])
  expect(selectTasks(state)).toBe(selectTasks(getState()))
  expect(selectTasksByStatus('pending')(state)).toBe(selectTasksByStatus('pending')(getState()))
  expect(selectTasksByStatus('failed')(state)).toBe(selectTasksByStatus('lost')(state))
  expect(selectStatusCounts(state)).toEqual({ pending: 2, running: 1 })
  expect(selectTask('2')(state)?.status).toBe('running')
  getState().removeTasks(['3'])
  expect(selectTasksByStatus('pending')(getState()).map(({ id }) => id)).toEqual(['1'])
})

test('two stores do not share', () => {
  const one = createTaskStore()
  one.getState().putTasks([task('1', 'pending', 1)])
  expect(createTaskStore().getState().tasks).toEqual({})
})

test('the slice lives in an app store beside its own', () => {
  const useApp = create<TaskSlice & { filter: string }>()((set) => ({ ...taskSlice(set), filter: 'all' }))
  useApp.getState().putTasks([task('1', 'pending', 1)])
  expect([useApp.getState().filter, Object.keys(useApp.getState().tasks)]).toEqual(['all', ['1']])
})
