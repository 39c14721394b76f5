/**
 * `<tidings-tray>`: the jobs of the caller in a corner of every page: a small button while something runs, a card when opened.
 * Collaborators: `<tidings-tray-button>` opens it from elsewhere. It is not modal and takes the focus only from who opens it.
 */
import type { JobSummary } from '@tidings/client'
import { hasEnded } from '@tidings/client'
import { make, makeButton, mark, say, sayIfAny, show } from './drawing.js'
import { tell } from './events.js'
import { icon } from './icons.js'
import { SOURCE } from './job-source.js'
import { FAILURES, JobsElement } from './jobs-element.js'
import { mirror } from './mirror.js'
import { ConnectionDot } from './parts/connection-dot.js'
import { type JobGroup, JobList } from './parts/job-list.js'

/** Rows of what runs, and of what has ended. */
const ACTIVE_ROWS = 20
const RECENT_ROWS = 5
const RECENT_STEP = 10

/**
 * The tray. `open` shows the card; `docked` shows no button of its own, so that only a tray button opens it.
 *
 * @example
 * <tidings-tray></tidings-tray>
 */
export class TidingsTray extends JobsElement {
  declare open: boolean
  declare docked: boolean
  declare owner: string | null
  declare tag: string | null
  private withRecent = false
  /** Ended while the card was closed. */
  private unseen = { count: 0, failed: false }
  private opener: HTMLElement | undefined
  private readonly dot = new ConnectionDot(this)
  private readonly pillWords = make('span')
  private readonly pill = makeButton('pill', () => this.toggle(true, this.pill), icon('jobs'), this.pillWords)
  private readonly heading = make('h2', 'tray-title')
  private readonly badge = make('span', 'badge')
  private readonly close = makeButton('quiet', () => this.toggle(false), icon('minimise'))
  private readonly recent = makeButton('link', () => {
    this.withRecent = !this.withRecent
    this.schedule()
  })
  private readonly list = new JobList(this)
  private readonly empty = make('p', 'empty')
  private readonly note = make('p', 'note')
  private readonly card = make('section', 'tray-card')

  /** Opens or closes it; without `open`, changes over. `opener` gets the focus back when it is closed. */
  toggle(open = !this.open, opener?: HTMLElement): void {
    if (open === this.open) return
    if (open) this.opener = opener
    this.open = open
    tell(this, 'tidings-toggle', { open })
  }

  protected override build(): void {
    const head = make('header', 'tray-head', this.heading, this.badge, this.dot.root, this.close)
    const foot = make('footer', 'tray-foot', this.recent, this.note)
    const box = make('div', 'tray-box', this.list.root, this.empty)
    mark(this.body, 'class', 'body tray')
    mark(this.card, 'part', 'card')
    mark(this.pill, 'part', 'pill')
    mark(this.badge, 'part', 'badge')
    mark(this.card, 'tabindex', -1)
    mark(this.close, 'aria-expanded', 'true')
    mark(this.pill, 'aria-expanded', 'false')
    this.card.append(head, box, foot)
    this.card.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      this.toggle(false)
    })
    this.body.append(this.card, this.pill)
  }

  protected override changed(name: string): void {
    if (name === 'open') this.opened()
    else super.changed(name)
  }

  protected override forget(): void {
    super.forget()
    this.list.forget()
    this.withRecent = false
    this.unseen = { count: 0, failed: false }
    // It is not drawn while the card is closed.
    sayIfAny(this.badge, undefined)
  }

  protected override draw(): boolean {
    const { words, open } = this
    const view = this.jobs?.getSnapshot()
    const { active, ended } = this.sorted()
    this.lookForEnds([...active, ...ended])
    this.drawPill(active.length)
    show(this.card, open)
    if (!open) return false
    say(this.heading, words.jobs)
    mark(this.card, 'aria-label', words.jobs)
    mark(this.close, 'aria-label', words.minimise)
    mark(this.close, 'title', words.minimise)
    sayIfAny(this.badge, active.length > 0 ? words.running(active.length) : undefined)
    this.dot.draw(this.client.connection.getSnapshot())
    // History is in the way while something runs.
    const history = this.withRecent || active.length === 0
    const shown = this.list.draw(
      [
        { key: 'active', title: words.active, jobs: active, limit: ACTIVE_ROWS, step: ACTIVE_ROWS },
        { key: 'ended', title: words.recent, jobs: history ? ended : [], limit: RECENT_ROWS, step: RECENT_STEP },
      ] satisfies JobGroup[],
      `${history}`,
    )
    sayIfAny(this.empty, shown > 0 ? undefined : view?.ready ? words.noJobs : words.loading)
    say(this.recent, this.withRecent ? words.hideRecent : words.showRecent)
    mark(this.recent, 'aria-expanded', `${this.withRecent}`)
    show(this.recent, active.length > 0 && ended.length > 0)
    const leavable = active.some((job) => job.mode !== 'tracked')
    sayIfAny(this.note, leavable && this.live ? words.safeToLeave : undefined)
    return active.some((job) => !hasEnded(job.status))
  }

  private drawPill(active: number): void {
    const { words, unseen } = this
    const said = [active > 0 ? words.running(active) : '', unseen.count > 0 ? words.newlyEnded(unseen.count) : '']
    const text = said.filter(Boolean).join(' · ')
    say(this.pillWords, text)
    mark(this.pill, 'aria-label', `${words.jobs}: ${text}`)
    mark(this.pill, 'data-busy', active > 0)
    mark(this.pill, 'data-failed', unseen.failed)
    show(this.pill, !this.open && !this.docked && text !== '')
  }

  private lookForEnds(jobs: readonly JobSummary[]): void {
    for (const job of this.ends.look(jobs)) {
      this.announceEnd(job)
      if (this.open) continue
      this.unseen.count++
      this.unseen.failed ||= FAILURES.has(job.status)
    }
  }

  private opened(): void {
    const focused = this.shadowRoot?.activeElement
    this.unseen = { count: 0, failed: false }
    this.schedule()
    if (!this.isConnected || (!this.opener && !focused)) return
    // After it was drawn: what is hidden takes no focus.
    queueMicrotask(() => {
      if (this.open) return this.card.focus({ preventScroll: true })
      const heir = this.opener?.isConnected && !this.opener.hidden ? this.opener : this.pill
      heir.focus({ preventScroll: true })
      this.opener = undefined
    })
  }
}

mirror(TidingsTray, {
  texts: SOURCE.filter((name) => name !== 'job' && name !== 'tenant'),
  flags: ['open', 'docked', 'tenant'],
})
