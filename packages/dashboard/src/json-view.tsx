/**
 * JSON to read: folded where it is deep or long, numbers as they were written.
 * Collaborators: `exact-json`. It refuses to draw more than a part of a very long list at once.
 */
import { useState } from 'react'
import { type JsonNode, printExact } from './exact-json.js'
import { Icon } from './icons.js'
import { say } from './notices.js'

/** Levels that are open at first. */
const OPEN_LEVELS = 2
/** Members drawn at once. */
const PAGE = 100

export function JsonView({ node, label }: { node: JsonNode; label: string }) {
  const words = lines(node)
  const copy = () =>
    navigator.clipboard?.writeText(words ?? printExact(node)).then(
      () => say(`${label} copied.`),
      () => say('This browser does not allow it.'),
    )
  return (
    <div className="json">
      <button type="button" className="quiet json-copy" onClick={copy} aria-label={`Copy ${label.toLowerCase()}`}>
        <Icon name="copy" />
      </button>
      {words === undefined ? <JsonValue node={node} level={0} /> : <div className="json-line">{words}</div>}
    </div>
  )
}

/** A text of several lines is read as it was written; a shorter one looks like what it is. */
function lines(node: JsonNode): string | undefined {
  return node.kind === 'string' && node.value.includes('\n') ? node.value : undefined
}

function JsonValue({ node, name, level }: { node: JsonNode; name?: string | undefined; level: number }) {
  const [count, setCount] = useState(PAGE)
  if (node.kind !== 'object' && node.kind !== 'array') {
    return (
      <div className="json-line">
        <JsonName name={name} />
        <span className={`json-${node.kind}`}>{node.kind === 'string' ? JSON.stringify(node.value) : node.text}</span>
      </div>
    )
  }
  const members: [string, JsonNode][] =
    node.kind === 'object' ? node.entries : node.items.map((item, index) => [String(index), item])
  const [opens, closes] = node.kind === 'object' ? '{}' : '[]'
  if (members.length === 0) {
    return (
      <div className="json-line">
        <JsonName name={name} />
        <span className="json-sign">{opens + closes}</span>
      </div>
    )
  }
  return (
    <details className="json-group" open={level < OPEN_LEVELS && members.length <= PAGE}>
      <summary>
        <JsonName name={name} />
        <span className="json-sign">
          {opens} {members.length} {closes}
        </span>
      </summary>
      <div className="json-members">
        {members.slice(0, count).map(([key, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an object may name a member twice
          <JsonValue key={index} name={key} node={value} level={level + 1} />
        ))}
        {members.length > count && (
          <button type="button" className="link" onClick={() => setCount(count + 10 * PAGE)}>
            {(members.length - count).toLocaleString()} more
          </button>
        )}
      </div>
    </details>
  )
}

function JsonName({ name }: { name: string | undefined }) {
  return name === undefined ? null : <span className="json-name">{name}</span>
}
