/** Invented jobs that move by themselves. Collaborators: serve and live listen to what happens. */
import { EventEmitter } from 'node:events'

const TASKS = [
  [
    'check-links',
    'process',
    'cooperative',
    3,
    'Checks every link of a site.',
    { url: 'https://example.org', depth: 3 },
  ],
  [
    'scrape-reviews',
    'process',
    'cooperative',
    2,
    'Reads the reviews of a shop.',
    { shop: 'corner-bakery', since: '2026-11-01', limit: 12345678901234 },
  ],
  ['export-report', 'worker', 'none', 4, 'Writes a report as a spreadsheet.', { month: '2026-10' }],
  ['import-customers', 'tracked', 'none', 0, 'Takes customers from a file.', { file: 'customers.csv' }],
  ['render-video', 'process', 'freeze', 1, 'Renders a clip.', { clip: 'intro', height: 1080 }],
]
const TITLES = {
  'check-links': ['Links of docs.example.org', 'Links of the blog', 'Links of the shop'],
  'scrape-reviews': ['Reviews of Corner Bakery', 'Reviews of Harbour Café', undefined],
  'export-report': ['October report for the board', 'Quarterly figures', undefined],
  'import-customers': ['Customers from the spring fair', 'Newsletter list', undefined],
  'render-video': ['Intro, 1080p', 'Product tour', undefined],
}
const OWNERS = ['ann', 'ben', 'chloé', 'local']
const STATUSES = 'scheduled pending running paused waiting retrying completed failed aborted timed_out lost'.split(' ')
const ENDED = new Set(STATUSES.slice(6))
const VERBS = {
  scheduled: ['run-now', 'pause', 'abort'],
  pending: ['pause', 'abort'],
  running: ['pause', 'abort', 'kill'],
  paused: ['resume', 'abort', 'kill'],
  waiting: ['abort'],
  retrying: ['run-now', 'pause', 'abort'],
}
const START = { busy: 34, many: 1000, empty: 0, locked: 6 }
const MESSAGES = [
  'Reading the start page',
  'Following links of /guide',
  'Checking 3 slow hosts',
  'Comparing with last week',
  'Writing the summary',
]
const pick = (list) => list[Math.floor(Math.random() * list.length)]

export class Jobs extends EventEmitter {
  #jobs = new Map()
  #events = new Map()
  #output = new Map()
  #count = 0
  epoch = `dev${Date.now().toString(36)}`
  position = 0

  constructor(scenario) {
    super()
    this.setMaxListeners(0)
    for (let n = 0; n < START[scenario]; n++) this.#invent((START[scenario] - n) * 47_000)
    if (scenario === 'empty') return
    setInterval(() => this.#step(scenario === 'many' ? 1 : 0.5), scenario === 'many' ? 100 : 400)
    if (scenario === 'busy') setInterval(() => this.submit({ task: pick(TASKS)[0] }), 9000)
  }

  tasks() {
    return TASKS.map(([name, mode, pause, concurrency, description, example]) => {
      const of = (status) => [...this.#jobs.values()].filter((job) => job.task === name && job.status === status).length
      return { name, mode, pause, concurrency, description, example, running: of('running'), pending: of('pending') }
    })
  }

  hasTask = (name) => TASKS.some(([known]) => known === name)
  get = (id) => this.#jobs.get(id)
  all = () => [...this.#jobs.values()]
  events = (id) => this.#events.get(id) ?? []

  list(query) {
    const statuses = query.get('status')?.split(',')
    const text = query.get('text')?.toLowerCase() ?? ''
    const said = ({ title, task }) => `${title ?? ''} ${task}`.toLowerCase()
    const wanted = this.all().filter((job) => (!statuses || statuses.includes(job.status)) && said(job).includes(text))
    const before = query.get('cursor') ?? '~'
    const limit = Number(query.get('limit') ?? 50)
    const rest = wanted.reverse().filter(({ createdAt }) => createdAt < before)
    const jobs = rest.slice(0, limit)
    return { jobs, cursor: rest.length > limit ? jobs.at(-1).createdAt : undefined, position: this.at() }
  }

  at = () => `${this.epoch}-${this.position}`

  stats() {
    const byStatus = Object.fromEntries(STATUSES.map((status) => [status, 0]))
    for (const job of this.#jobs.values()) byStatus[job.status]++
    const active = this.all().filter((job) => !ENDED.has(job.status)).length
    return { byStatus, total: this.#jobs.size, active }
  }

  /** As text, to carry a number that JavaScript would round. */
  fullText(id) {
    const job = this.get(id)
    const input = TASKS.find(([name]) => name === job.task)[5]
    const full = { ...job, input, metadata: { source: 'dev', build: 4711 }, limits: { timeLimit: '10m', attempts: 3 } }
    const text = JSON.stringify(full).slice(0, -1)
    if (job.status !== 'completed') return `${text}}`
    return `${text},"result":{"checked":1204,"broken":[{"url":"https://example.org/old","status":404},{"url":"https://example.org/gone","status":410}],"fingerprint":12345678901234567890,"ratio":0.10,"complete":true,"note":null}}`
  }

  output(id) {
    const chunks = this.#output.get(id) ?? []
    const next = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk.text), 0)
    const job = this.get(id)
    return { attempt: job.attempt || 1, offset: 0, next, ended: ENDED.has(job.status), chunks }
  }

  submit({ task, title }) {
    return this.#make({
      task,
      title: title ?? pick(TITLES[task]),
      status: 'pending',
      createdAt: new Date().toISOString(),
    })
  }

  ask(id, verb) {
    const job = this.get(id)
    if (!job.verbs.includes(verb)) return 'refused'
    const soon = (change) => setTimeout(() => this.#change(id, ...change), 2500)
    const wish = { kind: verb, number: (job.wish?.number ?? 0) + 1, at: new Date().toISOString(), by: 'local' }
    const none = { kind: 'none', number: wish.number }
    if (verb === 'pause' || verb === 'abort' || verb === 'kill') {
      this.#change(id, 'wished', { wish })
      soon(
        verb === 'pause'
          ? ['paused', { status: 'paused', wish: none }]
          : ['settled', { status: 'aborted', wish: none }],
      )
    } else if (verb === 'resume') this.#change(id, 'resumed', { status: 'running', wish: none })
    else if (verb === 'run-now') this.#change(id, 'due', { status: 'pending' })
    else if (verb === 'retry')
      this.#change(id, 'reopened', { status: 'pending', error: undefined, endedAt: undefined, progress: undefined })
    else this.submit({ task: job.task, title: job.title })
    return undefined
  }

  /** Deletes what a filter finds; tells of each what became of it. */
  clear({ filter: { ids, status, task }, dryRun, limit = 1000 }) {
    const fits = (job) => (!ids || ids.includes(job.id)) && status.includes(job.status) && (!task || job.task === task)
    const all = this.all().filter(fits)
    const found = all.slice(0, limit).map(({ id }) => id)
    const items = dryRun ? [] : found.map((id) => ({ id, outcome: 'changed' }))
    for (const { id } of items) this.delete(id)
    return { matched: found.length, more: all.length > limit, items }
  }

  delete(id) {
    const job = this.get(id)
    this.#jobs.delete(id)
    this.position++
    this.emit('left', { type: 'left', position: this.at(), id, rev: job.rev + 1, kind: 'deleted' })
  }

  #invent(ago) {
    const [task] = pick(TASKS)
    const status = pick([
      ...STATUSES,
      'running',
      'running',
      'running',
      'completed',
      'completed',
      'completed',
      'completed',
      'pending',
    ])
    const created = Date.now() - ago
    const job = { task, title: pick(TITLES[task]), status, createdAt: new Date(created).toISOString() }
    if (!['scheduled', 'pending'].includes(status)) job.startedAt = new Date(created + 4000).toISOString()
    if (ENDED.has(status)) job.endedAt = new Date(created + 4000 + Math.random() * 90_000).toISOString()
    if (status === 'scheduled') job.dueAt = new Date(Date.now() + 3_600_000 * Math.random()).toISOString()
    if (status === 'pending') job.reason = pick(['no_slot', undefined])
    if (status === 'waiting') job.reason = 'waits_for_input'
    if (status === 'failed')
      job.error = {
        kind: 'exit',
        message: 'The program ended with code 1: TypeError: cannot read “price” of undefined',
      }
    if (status === 'lost') job.reason = 'lease_expired'
    if (['running', 'paused'].includes(status)) job.progress = this.#progress(Math.floor(Math.random() * 700), 1)
    this.#make(job)
  }

  #make(job) {
    const id = `job_01jd${(Date.now() + ++this.#count).toString(36).padStart(9, '0')}${Math.random().toString(36).slice(2, 13).padEnd(11, 'x')}`
    const [, mode, pause] = TASKS.find(([name]) => name === job.task)
    const made = {
      id,
      mode,
      pause,
      rev: 0,
      settlement: 0,
      tenant: 'default',
      owner: pick(OWNERS),
      tags: pick([[], [], ['nightly'], ['eu', 'batch']]),
      ...job,
    }
    made.attempt = made.startedAt ? pick([1, 1, 1, 2]) : 0
    this.#jobs.set(id, made)
    this.#events.set(id, [])
    this.#output.set(id, [])
    if (job.status !== 'pending') this.#change(id, 'submitted', { status: 'pending' })
    if (job.startedAt) this.#change(id, 'claimed', { status: 'running' })
    if (job.startedAt) for (let n = 0; n < 40; n++) this.#write(id)
    this.#change(id, job.status === 'pending' ? 'submitted' : ENDED.has(job.status) ? 'settled' : 'changed', {
      status: job.status,
    })
    return this.get(id)
  }

  #change(id, kind, change) {
    const before = this.get(id)
    if (!before) return
    const job = { ...before, ...change, rev: before.rev + 1, updatedAt: new Date().toISOString() }
    if (ENDED.has(job.status) && !job.endedAt) job.endedAt = job.updatedAt
    job.verbs = ENDED.has(job.status)
      ? job.status === 'completed'
        ? ['rerun', 'delete']
        : ['retry', 'rerun', 'delete']
      : VERBS[job.status]
    if (job.pause === 'none') job.verbs = job.verbs.filter((verb) => verb !== 'pause' || job.status !== 'running')
    this.#jobs.set(id, job)
    this.position++
    const at =
      kind === 'submitted' ? job.createdAt : kind === 'claimed' ? job.startedAt : (job.endedAt ?? job.updatedAt)
    this.#events.get(id).push({
      position: this.at(),
      kind,
      status: job.status,
      reason: job.reason,
      at,
      by: kind === 'wished' ? 'local' : undefined,
      wish: kind === 'wished' ? job.wish.kind : undefined,
      rev: job.rev,
    })
    this.emit('update', { type: 'update', position: this.at(), kind, job })
  }

  #progress(current, tick) {
    const total = 720
    return {
      percentage: (current / total) * 100,
      current,
      total,
      message: MESSAGES[Math.floor((current / total) * 4.9)],
      failed: current > 400 ? 3 : 0,
      tick,
    }
  }

  #write(id) {
    const chunks = this.#output.get(id)
    const n = chunks.length + 1
    const [stream, text] =
      n % 17 === 0
        ? ['stderr', `slow answer from host-${n}.example.org (2.${n % 10} s)\n`]
        : n % 23 === 0
          ? ['warn', 'robots.txt asks for a pause of 5 s']
          : [
              'stdout',
              `\u001b[32m✓\u001b[0m ${String(n).padStart(4)}  https://docs.example.org/guide/chapter-${n % 31}#part-${n % 7}\n`,
            ]
    const chunk = { stream, at: new Date().toISOString(), text }
    const offset = chunks.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0)
    chunks.push(chunk)
    this.emit('output', {
      type: 'output',
      id,
      attempt: this.get(id).attempt || 1,
      offset,
      next: offset + Buffer.byteLength(text),
      chunks: [chunk],
    })
  }

  #step(share) {
    for (const job of this.all()) {
      if (job.status === 'running' && Math.random() < share) {
        const tick = (job.progress?.tick ?? 0) + 1
        const current = Math.min(720, (job.progress?.current ?? 0) + Math.floor(Math.random() * 9))
        job.progress = this.#progress(current, tick)
        this.emit('progress', { type: 'progress', id: job.id, rev: job.rev, tick, progress: job.progress })
        if (Math.random() < 0.4) this.#write(job.id)
        if (current >= 720)
          this.#change(job.id, 'settled', { status: Math.random() < 0.85 ? 'completed' : 'failed', settlement: 1 })
      } else if (job.status === 'pending' && Math.random() < 0.02) {
        this.#change(job.id, 'claimed', {
          status: 'running',
          attempt: job.attempt + 1,
          startedAt: new Date().toISOString(),
          reason: undefined,
        })
      }
    }
  }
}
