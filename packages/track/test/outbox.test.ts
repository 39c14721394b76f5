import { expect, test } from 'vitest'
import { Outbox } from '../src/outbox.js'

test('output goes before progress, and short writes are joined', () => {
  const outbox = new Outbox()
  outbox.addProgress({ percentage: 10 })
  outbox.addOutput('a', 'info')
  outbox.addOutput('b\n', 'info')
  outbox.addOutput('c\n', 'warn')
  const chunks = [
    { stream: 'info', text: 'ab\n' },
    { stream: 'warn', text: 'c\n' },
  ]
  expect(outbox.take()).toEqual({ verb: 'output', body: { chunks } })
  expect(outbox.take()).toEqual({ verb: 'progress', body: { percentage: 10 } })
  expect([outbox.take(), outbox.isEmpty]).toEqual([undefined, true])
})

test('what came since wins over what is put back', () => {
  const outbox = new Outbox()
  outbox.addProgress({ percentage: 10, current: 1 })
  outbox.addAcknowledgement(3)
  outbox.addOutput('first\n', 'info')
  const [output, progress] = [outbox.take(), outbox.take()]
  outbox.addProgress({ percentage: 20 })
  outbox.addOutput('second\n', 'info')
  for (const word of [progress, output]) if (word) outbox.putBack(word)
  const texts = ['first\n', 'second\n'].map((text) => ({ stream: 'info', text }))
  expect(outbox.take()?.body).toEqual({ chunks: texts })
  expect(outbox.take()?.body).toEqual({ percentage: 20, current: 1, acknowledge: 3 })
})

test('output that waits is bounded, cut between characters, and the loss is told', () => {
  const outbox = new Outbox()
  outbox.addOutput(`x${'🙂'.repeat(800_000)}`, 'info')
  let kept = ''
  let first: string | undefined
  for (let word = outbox.take(); word; word = outbox.take()) {
    if (!('chunks' in word.body)) throw new Error('progress')
    const text = word.body.chunks.map(({ text }) => text).join('')
    expect(new TextEncoder().encode(text).length).toBeLessThan(256 * 1024)
    first ??= text
    kept += text
  }
  expect(first).toMatch(/characters of output were dropped while Tidings was away/)
  expect(kept.length).toBeLessThan(1024 * 1024 + 100)
  expect(encodeURIComponent(kept)).toContain('%F0')
})

test('only sound numbers are sent', () => {
  const outbox = new Outbox()
  outbox.addProgress({ percentage: 120, current: 1.5, total: Number.NaN, ok: -1, message: 'm' })
  expect(outbox.take()?.body).toEqual({ percentage: 100, current: 2, ok: 0, message: 'm' })
})
