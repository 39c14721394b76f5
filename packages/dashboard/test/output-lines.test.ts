import type { OutputPiece } from '@tidings/client/output'
import { expect, test } from 'vitest'
import { OutputLines } from '../src/output-lines.js'

const piece = (text: string, stream = 'stdout', attempt = 1): OutputPiece => ({
  text,
  stream,
  attempt,
  at: '2026-11-22T10:00:00Z',
})

function linesOf(...batches: OutputPiece[][]): string[] {
  const lines = new OutputLines()
  const pieces: OutputPiece[] = []
  for (const batch of batches) {
    pieces.push(...batch)
    lines.take({ pieces: [...pieces], dropped: 0, ready: true })
  }
  return lines.lines.map((line) => `${line.number} ${line.stream} ${line.text}`)
}

const cases: [string, OutputPiece[][], string[]][] = [
  ['a line in two pieces is one', [[piece('ab')], [piece('c\nd\n')]], ['1 stdout abc', '2 stdout d']],
  [
    'streams that take turns stay whole',
    [[piece('a'), piece('x\n', 'stderr'), piece('b\n')]],
    ['1 stdout ab', '2 stderr x'],
  ],
  ['a log line needs no end', [[piece('one', 'info'), piece('two', 'info')]], ['1 info one', '2 info two']],
  ['colours are taken out', [[piece('\u001b[32m✓\u001b[0m ok\n')]], ['1 stdout ✓ ok']],
  ['a carriage return begins anew', [[piece('10 %\r20 %')], [piece('\r30 %\n')]], ['1 stdout 30 %']],
  ['windows ends', [[piece('a\r\nb\r\n')]], ['1 stdout a', '2 stdout b']],
  [
    'another attempt is announced',
    [[piece('a\n'), piece('b\n', 'stdout', 2)]],
    ['1 stdout a', '2 note attempt 2', '3 stdout b'],
  ],
  [
    'a gap is announced',
    [[{ ...piece('a\n'), gap: { from: 0, to: 1500 } }]],
    ['1 note 1,500 bytes are no longer kept', '2 stdout a'],
  ],
]

test.each(cases)('%s', (_, batches, expected) => {
  expect(linesOf(...batches)).toEqual(expected)
})

test('what was let go is not taken again, and an emptied view begins anew', () => {
  const lines = new OutputLines()
  lines.take({ pieces: [piece('a\n'), piece('b\n')], dropped: 0, ready: true })
  lines.take({ pieces: [piece('b\n'), piece('c\n')], dropped: 1, ready: true })
  expect(lines.lines.map((line) => line.text)).toEqual(['a', 'b', 'c'])
  lines.take({ pieces: [piece('z\n')], dropped: 0, ready: true })
  expect(lines.lines.map((line) => line.text)).toEqual(['z'])
})
