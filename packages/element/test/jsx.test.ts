// @vitest-environment happy-dom
import { act, createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, test } from 'vitest'
import { setClient } from '../src/index.js'
import type {} from '../src/jsx.js'
import { drawn, FakeClient, makeJob } from './fake-client.js'

test('React 19 sets properties and listens', async () => {
  ;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true
  const fake = new FakeClient()
  setClient(fake.client)
  fake.put(makeJob('job_1'))
  const box = document.body.appendChild(document.createElement('div'))
  const root = createRoot(box)
  const settled: string[] = []
  const listen = (event: CustomEvent<{ job: { id: string } }>) => void settled.push(event.detail.job.id)
  const props = { job: 'job_1', texts: { verbs: { pause: 'Halt' } }, 'ontidings-settled': listen }
  await act(() => root.render(createElement('tidings-job', props)))
  await drawn()
  const shadow = box.querySelector('tidings-job')?.shadowRoot
  expect(shadow?.querySelector('.verb-pause')?.textContent).toBe('Halt')
  fake.put(makeJob('job_1', { status: 'completed', rev: 2 }))
  await fake.pass(200)
  expect(settled).toEqual(['job_1'])
  await act(() => root.unmount())
  expect(fake.watchers).toBe(0)
})
