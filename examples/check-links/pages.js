// What stands in one HTML or Markdown file: its links and images with their lines, and the ids that others may point to.
// Pure text in, lists out; touches no file. Not a full parser: it reads what a documentation folder holds, and skips
// comments, scripts, styles and code.

const LINK_TAGS = new Set(['a', 'area', 'link', 'iframe', 'script'])
const IMAGE_TAGS = new Set(['img', 'source'])
const ADDRESS_ATTRIBUTES = new Set(['href', 'src', 'srcset'])

const TAG = /<([a-z][a-z0-9-]*)((?:\s+[^\s=>/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?|\s*\/)*)\s*>/gi
const ATTRIBUTE = /([^\s=>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g

/** `{references: [{kind: 'link' | 'image', target, line}], anchors: Set of ids}`; `line` counts from 1. */
function readPage(name, text) {
  return isMarkdown(name) ? readMarkdown(text) : readHtml(text)
}

function isPage(name) {
  return /\.(html?|md|markdown)$/i.test(name)
}

function isMarkdown(name) {
  return /\.(md|markdown)$/i.test(name)
}

function readHtml(text) {
  const visible = text
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(<(script|style)\b[^>]*>)([\s\S]*?)(?=<\/\2\s*>)/gi, (_, tag, __, body) => tag + blank(body))
  const lineAt = lineCounter(visible)
  const references = []
  const anchors = new Set()
  for (const tag of visible.matchAll(TAG)) {
    const name = tag[1].toLowerCase()
    for (const attribute of tag[2].matchAll(ATTRIBUTE)) {
      const key = attribute[1].toLowerCase()
      const value = unescapeHtml(attribute[2] ?? attribute[3] ?? attribute[4])
      if (key === 'id' || (key === 'name' && name === 'a')) anchors.add(value)
      if (!ADDRESS_ATTRIBUTES.has(key)) continue
      const kind = IMAGE_TAGS.has(name) ? 'image' : LINK_TAGS.has(name) ? 'link' : undefined
      if (!kind) continue
      const targets = key === 'srcset' ? value.split(',').map((part) => part.trim().split(/\s+/)[0]) : [value.trim()]
      for (const target of targets) references.push({ kind, target, line: lineAt(tag.index) })
    }
  }
  return { references, anchors }
}

function readMarkdown(text) {
  const prose = text
    .replace(/^( {0,3})(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\2[`~]*[ \t]*$|(?![\s\S]))/gm, blank)
    .replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, blank)
  const lineAt = lineCounter(prose)
  const { references, anchors } = readHtml(prose)
  const add = (kind, target, index) => references.push({ kind, target, line: lineAt(index) })

  const definitions = new Map()
  for (const found of prose.matchAll(/^ {0,3}\[([^\]\n]+)\]:\s*<?([^\s>]+)>?.*$/gm)) {
    definitions.set(label(found[1]), found[2])
  }
  for (const found of prose.matchAll(/(!?)\[((?:[^[\]]|\[[^\]]*\](?:\([^)]*\))?)*)\](?:\(\s*(<[^>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+["'(][^\n]*?["')])?\s*\)|\[([^\]\n]*)\])/g)) {
    const [, bang, words, address, reference] = found
    const kind = bang ? 'image' : 'link'
    if (address !== undefined) add(kind, address.replace(/^<|>$/g, ''), found.index)
    else add(kind, definitions.get(label(reference || words)) ?? { undefinedLabel: reference || words }, found.index)
    const inner = /^!\[[^\]]*\]\(\s*([^\s)]+)/.exec(words)
    if (inner) add('image', inner[1], found.index)
  }
  for (const found of prose.matchAll(/<(https?:\/\/[^\s>]+)>/g)) add('link', found[1], found.index)

  for (const id of headingIds(text, prose)) anchors.add(id)
  references.sort((one, other) => one.line - other.line)
  return { references, anchors }
}

/** The ids that readers of Markdown give to headings: lower case, punctuation dropped, spaces as hyphens, repeats numbered. */
function headingIds(text, prose) {
  const written = text.split('\n')
  const seen = new Map()
  const ids = []
  prose.split('\n').forEach((line, index, lines) => {
    const isHash = /^ {0,3}#{1,6}\s+\S/.test(line)
    const isUnderlined = line.trim() !== '' && /^ {0,3}(=+|-+)\s*$/.test(lines[index + 1] ?? '') && !/^ {0,3}([-=]+|>|[-*+] )/.test(line)
    if (!isHash && !isUnderlined) return
    const heading = written[index].replace(/^ {0,3}#+\s+/, '').replace(/\s+#*\s*$/, '')
    const custom = /\{#([^}\s]+)\}\s*$/.exec(heading)
    if (custom) return ids.push(custom[1])
    const slug = heading
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const repeats = seen.get(slug) ?? 0
    seen.set(slug, repeats + 1)
    ids.push(repeats === 0 ? slug : `${slug}-${repeats}`)
  })
  return ids
}

function label(words) {
  return words.trim().toLowerCase().replace(/\s+/g, ' ')
}

/** Same length and same line breaks, so that lines and offsets stay true. */
function blank(part) {
  return part.replace(/[^\n]/g, ' ')
}

function lineCounter(text) {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

function unescapeHtml(value) {
  return value.replace(/&(amp|quot|lt|gt|#39);/g, (_, name) => ({ amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" })[name])
}

module.exports = { readPage, isPage }
