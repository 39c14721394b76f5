import { expect, test } from 'vitest'
import type { JobSummary } from '../src/records.js'
import { Toasts, type ToastsClient, type ToastsOptions } from '../src/toasts.js'
import { job } from './world.js'

/** What the tabs of a browser share. */
class Storage {
  private readonly kept = new Map<string, string>()
  getItem = (key: string) => this.kept.get(key) ?? null
  setItem = (key: string, value: string) => void this.kept.set(key, value)
  removeItem = (key: string) => void this.kept.delete(key)

  get empty(): boolean {
    return this.kept.size === 0
  }
}

/** A page of a browser: its clock, and whether it is seen. */
class Page {
  time = 0
  shown = true
  person: { subject: string; tenant: string } | undefined = { subject: 'ann', tenant: 'default' }
  followed = 0
  readonly name = 'tidings'
  private timers = new Map<number, { at: number; run: () => void }>()
  private lastTimer = 0
  private told: (job: JobSummary) => void = () => {}
  private page = { wake: () => {}, hide: () => {} }
  private readonly watchers = new Set<() => void>()

  /** Null for a browser that keeps nothing. */
  constructor(local: Storage | null = new Storage()) {
    this.environment.local = local ?? undefined
  }

  onSettled(_: unknown, told: (job: JobSummary) => void) {
    this.followed++
    this.told = told
    return () => void this.followed--
  }

  readonly who = {
    subscribe: (listener: () => void) => {
      this.watchers.add(listener)
      return () => void this.watchers.delete(listener)
    },
    getSnapshot: () => this.person,
  }

  readonly environment = {
    now: () => this.time,
    setTimer: (run: () => void, milliseconds: number) => {
      this.timers.set(++this.lastTimer, { at: this.time + milliseconds, run })
      return this.lastTimer
    },
    clearTimer: (timer: unknown) => void this.timers.delete(timer as number),
    visible: () => this.shown,
    locks: undefined,
    local: undefined as Storage | undefined,
    onPage: (page: { wake(): void; hide(): void }) => {
      this.page = page
      return () => {}
    },
  }

  get timersLeft(): number {
    return this.timers.size
  }

  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds
    for (const [timer, { at, run }] of [...this.timers]) {
      if (at > this.time || !this.timers.delete(timer)) continue
      run()
      // Claims are promises of promises.
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
  }

  async end(...jobs: JobSummary[]): Promise<void> {
    this.tell(...jobs)
    await this.pass(400)
  }

  tell(...jobs: JobSummary[]): void {
    for (const each of jobs) this.told(each)
  }

  see(shown: boolean): void {
    this.shown = shown
    if (shown) this.page.wake()
    else this.page.hide()
  }

  become(subject: string | undefined): void {
    this.person = subject === undefined ? undefined : { subject, tenant: 'default' }
    for (const watcher of this.watchers) watcher()
  }
}

const done = (id: string, more: Partial<JobSummary> = {}) =>
  job(id, 5, { status: 'completed', settlement: 1, title: id, ...more })
const failed = (id: string) => done(id, { status: 'failed' })

function open(page: Page, options?: ToastsOptions) {
  const toasts = new Toasts(page as unknown as ToastsClient, options)
  const end = toasts.subscribe(() => {})
  const told = () => toasts.getSnapshot().map(({ job, counts }) => job?.id ?? Object.entries(counts).flat().join(' '))
  return { toasts, end, told }
}

test('an end is shown, stays its time, and leaves', async () => {
  const page = new Page()
  const { told } = open(page)
  await page.end(done('a'))
  expect(told()).toEqual(['a'])
  await page.pass(5_999)
  expect(told()).toEqual(['a'])
  await page.pass(1)
  expect(told()).toEqual([])
})

test('one end is shown in one tab of the browser, and each settlement anew', async () => {
  const storage = new Storage()
  const one = new Page(storage)
  const other = new Page(storage)
  const [first, second] = [open(one), open(other)]
  await one.end(done('a'))
  await other.end(done('a'))
  expect([first.told(), second.told()]).toEqual([['a'], []])
  await other.end(done('a', { settlement: 2 }))
  expect(second.told()).toEqual(['a'])
})

test('a page that nobody sees claims nothing; when it is shown it tells what is left', async () => {
  const storage = new Storage()
  const hidden = new Page(storage)
  const seen = new Page(storage)
  const [behind, front] = [open(hidden), open(seen)]
  hidden.see(false)
  await hidden.end(done('a'), done('b'))
  expect([behind.told(), storage.empty]).toEqual([[], true])
  await seen.end(done('a'))
  hidden.see(true)
  await hidden.pass(400)
  expect([front.told(), behind.told()]).toEqual([['a'], ['b']])
})

test('a page hidden in the last moment does not claim', async () => {
  const storage = new Storage()
  const page = new Page(storage)
  const { told } = open(page)
  page.tell(done('a'))
  page.see(false)
  await page.pass(400)
  expect([told(), storage.empty]).toEqual([[], true])
})

test('a failure stays until it is dismissed', async () => {
  const page = new Page()
  const { toasts, told } = open(page)
  await page.end(failed('a'))
  await page.pass(3_600_000)
  expect(told()).toEqual(['a'])
  toasts.dismiss(toasts.getSnapshot()[0].key)
  toasts.dismiss('not there')
  expect(told()).toEqual([])
})

test('time stands still while it is held, and while nobody sees the page', async () => {
  const page = new Page()
  const { toasts, told } = open(page)
  await page.end(done('a'))
  await page.pass(2_000)
  toasts.hold()
  await page.pass(60_000)
  toasts.release()
  await page.pass(3_999)
  page.see(false)
  await page.pass(60_000)
  expect(told()).toEqual(['a'])
  page.see(true)
  await page.pass(1_499)
  expect(told()).toEqual(['a'])
  await page.pass(1)
  expect(told()).toEqual([])
})

test('a tab that is merely hidden keeps a toast until it is shown again', async () => {
  const page = new Page()
  const { told } = open(page)
  await page.end(done('a'))
  page.shown = false
  await page.pass(60_000)
  expect(told()).toEqual(['a'])
  page.see(true)
  await page.pass(1_500)
  expect(told()).toEqual([])
})

test('many ends at once are one toast, which is a failure when one of them is', async () => {
  const page = new Page()
  const { toasts, told } = open(page)
  await page.end(done('a'), done('b'), failed('c'))
  expect(told()).toEqual(['completed 2 failed 1'])
  expect(toasts.getSnapshot()[0].failed).toBe(true)
})

test('no more than the limit are there, and none is lost', async () => {
  const page = new Page()
  const { toasts, told } = open(page, { most: 2 })
  for (const id of ['a', 'b', 'c']) await page.end(failed(id))
  await page.end(done('d'))
  expect(told()).toEqual(['failed 3', 'd'])
  expect(toasts.getSnapshot().map(({ failed }) => failed)).toEqual([true, false])
})

test('a browser that keeps nothing tells it rather twice than never', async () => {
  const page = new Page(null)
  const { told } = open(page)
  await page.end(done('a'))
  expect(told()).toEqual(['a'])
})

test('nothing of the former user is shown', async () => {
  const page = new Page()
  const { told } = open(page)
  await page.end(failed('a'))
  page.see(false)
  await page.end(failed('b'))
  page.become('ben')
  page.see(true)
  await page.pass(400)
  expect(told()).toEqual([])
  await page.end(done('c'))
  page.become(undefined)
  expect(told()).toEqual([])
})

test('it follows while somebody looks, and leaves nothing behind', async () => {
  const page = new Page()
  const { end, toasts } = open(page)
  const other = toasts.subscribe(() => {})
  await page.end(done('a'))
  end()
  expect(page.followed).toBe(1)
  other()
  expect([page.followed, page.timersLeft, toasts.getSnapshot()]).toEqual([0, 0, []])
})
