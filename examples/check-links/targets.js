// Decides whether one link or image of a site leads somewhere. Knows the folder of the site and refuses to look outside it;
// asks the network only for the addresses it is handed through `askExternal`.

const fs = require('node:fs/promises')
const path = require('node:path')
const { readPage, isPage } = require('./pages.js')

const INDEX_NAMES = ['index.html', 'index.md', 'README.md']
/** How long one external address may take, in milliseconds. */
const EXTERNAL_TIMEOUT_MS = 8_000

class Site {
  /** `root`: absolute real path of the folder. */
  constructor(root) {
    this.root = root
    this.pages = new Map()
    this.externals = new Map()
  }

  /** All pages of the folder, as paths relative to it, in order. Symbolic links and hidden folders are left out. */
  async list(folder = '') {
    const found = []
    for (const entry of await fs.readdir(path.join(this.root, folder), { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name)
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') found.push(...(await this.list(name)))
      else if (entry.isFile() && isPage(entry.name)) found.push(name)
    }
    return found.sort()
  }

  async page(name) {
    let page = this.pages.get(name)
    if (!page) {
      page = readPage(name, await fs.readFile(path.join(this.root, name), 'utf8'))
      this.pages.set(name, page)
    }
    return page
  }

  /** Why a reference of the page `from` leads nowhere; `undefined` when it is sound. */
  async fault(from, reference) {
    const { kind, target } = reference
    if (typeof target !== 'string') return `no definition for [${target.undefinedLabel}]`
    if (target === '') return 'empty address'
    const [address, fragment] = split(target)
    let wanted
    let anchor
    try {
      wanted = decodeURIComponent(address.replace(/\?.*$/, ''))
      anchor = decodeURIComponent(fragment)
    } catch {
      return 'malformed address'
    }
    const relative = wanted === '' ? from : wanted.startsWith('/') ? wanted.slice(1) : path.posix.join(path.posix.dirname(from), wanted)
    const file = await this.locate(relative)
    if (file.fault) return file.fault
    if (kind === 'image') {
      if (file.size === 0) return 'empty image'
      return undefined
    }
    if (anchor === '' || anchor === 'top' || anchor.startsWith(':~:') || !isPage(file.name)) return undefined
    const page = await this.page(file.name)
    return page.anchors.has(anchor) ? undefined : `no anchor #${anchor}`
  }

  /** The file behind a path relative to the site: `{name, size}` or `{fault}`. A folder stands for its index page. */
  async locate(relative) {
    try {
      const real = await fs.realpath(path.join(this.root, relative))
      if (!isInside(this.root, real)) return { fault: 'outside the site' }
      const stat = await fs.stat(real)
      const name = path.relative(this.root, real).split(path.sep).join('/')
      if (stat.isFile()) return { name, size: stat.size }
      for (const index of INDEX_NAMES) {
        const inside = await fs.stat(path.join(real, index)).catch(() => undefined)
        if (inside?.isFile()) return { name: path.posix.join(name, index), size: inside.size }
      }
      return { fault: 'folder without an index page' }
    } catch (error) {
      if (!isInside(this.root, path.resolve(this.root, relative))) return { fault: 'outside the site' }
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return { fault: 'no such file' }
      throw error
    }
  }

  /** Asks an http(s) address once, with HEAD; GET where the server does not know HEAD. */
  askExternal(target) {
    const address = split(target.startsWith('//') ? `https:${target}` : target)[0]
    let answer = this.externals.get(address)
    if (!answer) {
      answer = ask(address)
      this.externals.set(address, answer)
    }
    return answer
  }
}

async function ask(address) {
  try {
    let response
    for (const method of ['HEAD', 'GET']) {
      response = await fetch(address, { method, signal: AbortSignal.timeout(EXTERNAL_TIMEOUT_MS) })
      await response.body?.cancel()
      if (response.status !== 405 && response.status !== 501) break
    }
    return response.ok ? undefined : `answered ${response.status}`
  } catch (error) {
    if (error.name === 'TimeoutError') return `no answer within ${EXTERNAL_TIMEOUT_MS / 1000} s`
    return `unreachable: ${error.cause?.code ?? error.cause?.message ?? error.message}`
  }
}

/** `external` for http(s), `other` for mailto:, tel:, data: and the like, `local` for what must be in the folder. */
function reach(target) {
  if (typeof target !== 'string') return 'local'
  if (/^(https?:)?\/\//i.test(target)) return 'external'
  return /^[a-z][a-z0-9+.-]*:/i.test(target) ? 'other' : 'local'
}

function split(target) {
  const at = target.indexOf('#')
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
}

function isInside(root, file) {
  return file === root || file.startsWith(root + path.sep)
}

module.exports = { Site, reach, isInside }
