import { describe, expect, test } from 'vitest'
import { selectAgents } from '../src/agents.js'
import type { Task } from '../src/task-store.js'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))
const tasks = (...all: Task[]) => ({ tasks: Object.fromEntries(all.map((task) => [task.id, task])) })

describe('selectAgents', () => {
  test('an agent is busy while any task of it is under way, and tells what changed last', () => {
    const held = tasks(
      { id: '1', status: 'running', updatedAt: at(1), assignee: 'writer' },
      { id: '2', status: 'waiting', updatedAt: at(2), assignee: 'writer' },
      { id: '3', status: 'failed', updatedAt: at(3), assignee: 'writer', error: 'no paper' },
    )
    expect(selectAgents(held)).toEqual([
      { id: 'writer', status: 'busy', currentTask: '2', error: 'no paper', updatedAt: at(3) },
    ])
  })

  test('the task that changed last says whether one that rests has failed', () => {
    const held = tasks(
      { id: '1', status: 'failed', updatedAt: at(1), assignee: 'b', error: 'the first time' },
      { id: '2', status: 'completed', updatedAt: at(2), assignee: 'b', output: 'done' },
      { id: '3', status: 'lost', updatedAt: at(1), assignee: 'a', error: 'nobody knows' },
      { id: '4', status: 'aborted', updatedAt: at(1), assignee: 'c' },
      { id: '5', status: 'running', updatedAt: at(1) },
    )
    expect(selectAgents(held)).toEqual([
      { id: 'a', status: 'error', error: 'nobody knows', updatedAt: at(1) },
      { id: 'b', status: 'idle', output: 'done', updatedAt: at(2) },
      { id: 'c', status: 'idle', updatedAt: at(1) },
    ])
  })

  test('the same tasks make the same list', () => {
    const held = tasks({ id: '1', status: 'running', updatedAt: at(1), assignee: 'a' })
    expect(selectAgents(held)).toBe(selectAgents(held))
  })
})
