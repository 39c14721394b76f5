import { expect, test } from 'vitest'
import { member, parseExact, printExact } from '../src/exact-json.js'

const same = [
  '12345678901234567890',
  '0.10',
  '-1e400',
  'true',
  'null',
  '"a\\"b\\u00e9"',
  '[]',
  '{}',
  '[1, [2, {"a": 3}]]',
  '{"a": 1, "a": 2}',
]

test.each(same)('%s keeps what it says', (text) => {
  const printed = printExact(parseExact(` ${text}\n`))
  expect(printed.replace(/\s+/g, '')).toBe(text.replace('\\u00e9', 'é').replace(/\s+/g, ''))
})

const wrong: [string, string][] = [
  ['', 'it ends where a value is expected (line 1, column 1)'],
  ['{"a": 1,}', 'a name in double quotes is expected (line 1, column 9)'],
  ['{"a" 1}', 'a : is expected after the name (line 1, column 6)'],
  ['[1 2]', 'a , or ] is expected (line 1, column 4)'],
  ['{\n  a: 1}', 'a name in double quotes is expected (line 2, column 3)'],
  ['"abc', 'a string is not closed (line 1, column 1)'],
  ['"a\nb"', 'a string holds a sign that must be escaped (line 1, column 1)'],
  ['01', 'something follows the end of the value (line 1, column 2)'],
  ['[', 'a value or ] is expected (line 1, column 2)'],
  ['['.repeat(600), 'it is nested too deeply (line 1, column 502)'],
]

test.each(wrong)('%j is refused in words', (text, words) => {
  expect(() => parseExact(text)).toThrow(words)
})

test('a member by its name', () => {
  expect(member(parseExact('{"a":{"b":1}}'), 'a')).toMatchObject({ kind: 'object' })
  expect(member(parseExact('[1]'), 'a')).toBeUndefined()
})
