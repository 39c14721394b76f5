import { expect, test } from 'vitest'
import { countText, eventText } from '../src/wording.js'

const told: [Parameters<typeof eventText>[0], string][] = [
  [{ kind: 'wished', wish: 'pause' }, 'Pause asked'],
  [{ kind: 'wished', wish: 'kill' }, 'Kill asked'],
  [{ kind: 'wished' }, 'Wish changed'],
  [{ kind: 'reopened' }, 'reopened'],
]

test.each(told)('an event %o reads as %s', (event, text) => {
  expect(eventText(event)).toBe(text)
})

test('a count has the word that fits', () => {
  expect([countText(1, 'job', 'jobs'), countText(1200, 'job', 'jobs')]).toEqual(['1 job', '1,200 jobs'])
})
