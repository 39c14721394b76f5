/**
 * JSON read without rounding: a number stays the text that it was. `JSON.parse` makes 12345678901234567890 another number.
 * Collaborators: the JSON view, the task starter. Syntax: RFC 8259; errors say line and column.
 */

export type JsonNode =
  | { kind: 'object'; entries: [string, JsonNode][] }
  | { kind: 'array'; items: JsonNode[] }
  | { kind: 'string'; value: string }
  /** `text` as it was written. */
  | { kind: 'number' | 'boolean' | 'null'; text: string }

/** Deeper than this is refused, before the stack is. */
const DEEPEST = 500

export class JsonMistake extends Error {
  override readonly name = 'JsonMistake'
}

export function parseExact(text: string): JsonNode {
  const reader = new Reader(text)
  const node = reader.value(0)
  reader.space()
  if (reader.at < text.length) reader.fail('something follows the end of the value')
  return node
}

/** A member of an object, or undefined. */
export function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === 'object' ? node.entries.find(([key]) => key === name)?.[1] : undefined
}

/** Pretty JSON text of a node, numbers as they were. */
export function printExact(node: JsonNode, indent = ''): string {
  const deeper = `${indent}  `
  switch (node.kind) {
    case 'object': {
      if (node.entries.length === 0) return '{}'
      const lines = node.entries.map(([key, value]) => `${deeper}${JSON.stringify(key)}: ${printExact(value, deeper)}`)
      return `{\n${lines.join(',\n')}\n${indent}}`
    }
    case 'array':
      if (node.items.length === 0) return '[]'
      return `[\n${node.items.map((item) => deeper + printExact(item, deeper)).join(',\n')}\n${indent}]`
    case 'string':
      return JSON.stringify(node.value)
    default:
      return node.text
  }
}

class Reader {
  at = 0
  constructor(private readonly text: string) {}

  space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at++
  }

  value(depth: number): JsonNode {
    if (depth > DEEPEST) this.fail('it is nested too deeply')
    this.space()
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return { kind: 'string', value: this.string() }
    const number = this.match(/-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y)
    if (number) return { kind: 'number', text: number }
    const word = this.match(/true|false|null/y)
    if (word) return { kind: word === 'null' ? 'null' : 'boolean', text: word }
    return this.fail(first === undefined ? 'it ends where a value is expected' : 'a value is expected')
  }

  fail(what: string): never {
    const before = this.text.slice(0, this.at).split('\n')
    throw new JsonMistake(
      `Not valid JSON: ${what} (line ${before.length}, column ${before[before.length - 1].length + 1}).`,
    )
  }

  private object(depth: number): JsonNode {
    const entries: [string, JsonNode][] = []
    this.at++
    while (!this.closes('}', entries.length, 'a name or } is expected')) {
      this.space()
      if (this.text[this.at] !== '"') this.fail('a name in double quotes is expected')
      const key = this.string()
      this.space()
      if (this.text[this.at] !== ':') this.fail('a : is expected after the name')
      this.at++
      entries.push([key, this.value(depth + 1)])
    }
    return { kind: 'object', entries }
  }

  private array(depth: number): JsonNode {
    const items: JsonNode[] = []
    this.at++
    while (!this.closes(']', items.length, 'a value or ] is expected')) items.push(this.value(depth + 1))
    return { kind: 'array', items }
  }

  /** Steps over the closing sign, or over the comma before another element. */
  private closes(sign: string, before: number, expected: string): boolean {
    this.space()
    if (this.text[this.at] === sign) {
      this.at++
      return true
    }
    if (before === 0) return this.at >= this.text.length ? this.fail(expected) : false
    if (this.text[this.at] !== ',') this.fail(`a , or ${sign} is expected`)
    this.at++
    return false
  }

  private string(): string {
    const literal = this.match(/"(?:[^"\\]|\\.)*"/y)
    if (!literal) return this.fail('a string is not closed')
    try {
      return JSON.parse(literal) as string
    } catch {
      this.at -= literal.length
      return this.fail('a string holds a sign that must be escaped')
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    this.at += found?.length ?? 0
    return found
  }
}
