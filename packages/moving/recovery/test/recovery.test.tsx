// @vitest-environment happy-dom
import type { JobSummary } from '@tidings/client'
import { TidingsProvider } from '@tidings/react'
import { act, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, test } from 'vitest'
import { FakeBrowser } from '../../../client/test/browser.js'
import { job, update, World } from '../../../client/test/world.js'
import { type Recovery, useJobRecovery } from '../src/index.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const roots: Root[] = []

afterEach(async () => {
  await act(async () => {
    for (const root of roots.splice(0)) root.unmount()
  })
})

const ended = (id: string, status = 'completed', settlement = 1): JobSummary =>
  job(id, 5 + settlement, { status, settlement, endedAt: '2026-11-22T11:00:00Z' })
const at = (id: string, percentage: number, rev = 2): JobSummary => job(id, rev, { progress: { percentage } })

/** A page of a browser, in strict mode: what it says, and what happens to it. */
class Page {
  readonly world: World
  recovery!: Recovery
  private session: string | undefined = 's1'
  private root: Root | undefined
  private position = 1

  constructor(browser = new FakeBrowser()) {
    this.world = new World({ browser, share: false })
  }

  async load(jobs: JobSummary[]): Promise<this> {
    await this.show('s1')
    await act(async () => {
      const socket = await this.world.open()
      socket.say(
        { type: 'snapshot', id: 1, jobs },
        { type: 'live', id: 1, position: 'p1', resumed: false, reason: 'fresh' },
      )
    })
    await this.draw()
    return this
  }

  async show(session: string | undefined): Promise<void> {
    this.session = session
    const Shown = () => {
      this.recovery = useJobRecovery(this.session)
      return null
    }
    const root = this.root ?? createRoot(document.createElement('main'))
    if (!this.root) roots.push(root)
    this.root = root
    await act(async () =>
      root.render(
        <StrictMode>
          <TidingsProvider client={this.world.client}>
            <Shown />
          </TidingsProvider>
        </StrictMode>,
      ),
    )
  }

  async update(of: JobSummary): Promise<void> {
    await act(async () => this.world.socket.say(update(`p${++this.position}`, of)))
    await this.draw()
  }

  async draw(): Promise<void> {
    await act(async () => {
      this.world.draw()
      await this.world.settle()
    })
  }

  async dismiss(): Promise<void> {
    await act(async () => this.recovery.dismiss())
  }

  get says(): string {
    const { job, resumed, finishedWhileAway, failedWhileAway } = this.recovery
    const words = [
      job ? `${job.id} ${job.status}` : 'nothing',
      resumed && `resumed at ${resumed.percent}`,
      finishedWhileAway && 'finished while away',
      failedWhileAway && 'failed while away',
    ]
    return words.filter(Boolean).join(', ')
  }
}

test('a job that runs still is resumed at its percent, and then it is live', async () => {
  const page = await new Page().load([at('a', 75.4)])
  expect(page.says).toBe('a running, resumed at 75')
  expect(page.world.socket.subscribes().map(({ topic }) => topic)).toEqual([{ session: 's1' }])
  await page.update(at('a', 90, 3))
  expect([page.says, page.recovery.job?.progress.percentage]).toEqual(['a running, resumed at 75', 90])
  await page.update(ended('a'))
  expect(page.says).toBe('a completed')
})

test('an end that was watched is not told as news after a reload', async () => {
  const browser = new FakeBrowser()
  const page = await new Page(browser).load([at('a', 75)])
  await page.update(ended('a'))
  expect((await new Page(browser).load([ended('a')])).says).toBe('a completed')
})

test('an end while nobody looked is told once: not after a reload, and not in another tab', async () => {
  const browser = new FakeBrowser()
  expect((await new Page(browser).load([ended('a')])).says).toBe('a completed, finished while away')
  expect((await new Page(browser).load([ended('a')])).says).toBe('a completed')
  expect((await new Page().load([ended('a')])).says).toBe('a completed, finished while away')
})

test('a failure while nobody looked says so, whatever kind it is', async () => {
  for (const status of ['failed', 'aborted', 'timed_out', 'lost'])
    expect((await new Page().load([ended('a', status)])).says).toBe(`a ${status}, failed while away`)
})

test('a retried job that ended again is news again', async () => {
  const browser = new FakeBrowser()
  await new Page(browser).load([ended('a', 'failed', 1)])
  expect((await new Page(browser).load([ended('a', 'completed', 2)])).says).toBe('a completed, finished while away')
})

test('a job that began while the page was open was not recovered', async () => {
  const page = await new Page().load([])
  expect(page.says).toBe('nothing')
  await page.update(at('a', 10))
  expect(page.says).toBe('a running')
  await page.update(ended('a'))
  expect(page.says).toBe('a completed')
})

test('a newer job takes the place of the one that was found', async () => {
  const page = await new Page().load([ended('a')])
  expect(page.says).toBe('a completed, finished while away')
  await page.update(job('b', 1, { createdAt: '2026-11-22T12:00:00Z' }))
  expect(page.says).toBe('b running')
})

test('what was dismissed stays away, also after a reload', async () => {
  const browser = new FakeBrowser()
  const page = await new Page(browser).load([at('a', 20)])
  await page.dismiss()
  expect(page.says).toBe('nothing')
  await page.update(at('a', 30, 3))
  expect(page.says).toBe('nothing')
  const other = await new Page(browser).load([ended('a', 'failed')])
  expect(other.says).toBe('nothing')
  await other.update(job('b', 1, { createdAt: '2026-11-22T12:00:00Z' }))
  expect(other.says).toBe('b running')
})

test('a storage that is full or holds something else takes nothing away', async () => {
  const browser = new FakeBrowser()
  browser.local.setItem('other', 'x')
  browser.local.full = true
  const page = await new Page(browser).load([at('a', 20)])
  await page.dismiss()
  expect(page.says).toBe('nothing')
  for (const kept of ['{', '"text"', '{"a":1}']) {
    const browser = new FakeBrowser()
    const page = new Page(browser)
    browser.local.setItem(`${page.world.client.name} recovery dismissed`, kept)
    expect((await page.load([at('a', 20)])).says).toBe('a running, resumed at 20')
  }
})

test('nothing is shown of somebody who has signed out, and nothing of them is told to who comes next', async () => {
  const page = await new Page().load([at('a', 20)])
  await act(async () => page.world.client.identityChanged())
  await page.draw()
  expect(page.says).toBe('nothing')
})

test('another session is another job; without one nothing is asked', async () => {
  const page = await new Page().load([at('a', 20)])
  await page.show('s2')
  expect(page.says).toBe('nothing')
  const none = new Page()
  await none.show(undefined)
  await none.draw()
  expect([none.says, none.world.sockets.length]).toEqual(['nothing', 0])
})

test('a server renders nothing, and asks for nothing', () => {
  const world = new World()
  const Shown = () => {
    const { job, resumed, finishedWhileAway, failedWhileAway } = useJobRecovery('s1')
    return `${job} ${resumed} ${finishedWhileAway} ${failedWhileAway}`
  }
  const page = renderToString(
    <TidingsProvider client={world.client}>
      <Shown />
    </TidingsProvider>,
  )
  expect([page, world.sockets.length, world.requests.length]).toEqual(['undefined undefined false false', 0, 0])
})
