import { expect, test } from 'vitest'

test('on a server the module loads, and registers nothing', async () => {
  expect('HTMLElement' in globalThis).toBe(false)
  const { TidingsTray, setClient } = await import('../src/index.js')
  expect([typeof TidingsTray, typeof setClient]).toEqual(['function', 'function'])
})
