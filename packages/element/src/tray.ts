/**
 * `<tidings-tray>`: the jobs of the caller in a corner of every page: a small button while something runs, a card when opened.
 * Collaborators: `<tidings-tray-button>` opens it from elsewhere. It is not modal and takes the focus only from who opens it.
 */
import type { JobSummary } from '@tidings/client'
import { focusedIn, make, makeButton, mark, say, sayIfAny, show } from './drawing.js'
import { tell } from './events.js'
import { HiddenJobs } from './hidden-jobs.js'
import { icon } from './icons.js'
import { SOURCE } from './job-source.js'
import { FAILURES, JobsElement } from './jobs-element.js'
import { mirror } from './mirror.js'
import { ConnectionDot } from './parts/connection-dot.js'
import { type JobGroup, JobList } from './parts/job-list.js'

/** Running jobs that are shown before they are folded. */
const LIMIT = 3
/** Rows of what runs once it is unfolded, and of what has ended. */
const ACTIVE_ROWS = 20
const RECENT_ROWS = 5
const RECENT_STEP = 10

/**
 * The tray. `open` shows the card; `docked` shows no button of its own, so that only a tray button opens it. Of more than `limit` running
 * jobs (default 3) one less is shown, and "more" for the rest. `leave-tracked` says that the app goes on with its tracked jobs when the page
 * is left, so that the tray may say so.
 *
 * @example
 * <tidings-tray></tidings-tray>
 */
export class TidingsTray extends JobsElement {
  declare open: boolean
  declare docked: boolean
  declare limit: number | null
  declare leaveTracked: boolean
  declare owner: string | null
  declare tag: string | null
  private withRecent = false
  private unfolded = false
  /** A mouse is over the card. */
  private pointed = false
  private readonly hiddenJobs = new HiddenJobs()
  /** Ended while the card was closed. */
  private unseen = { count: 0, failed: false }
  private opener: HTMLElement | undefined
  private readonly dot = new ConnectionDot(this)
  private readonly pillWords = make('span')
  private readonly pill = makeButton('pill', () => this.toggle(true, this.pill), icon('jobs'), this.pillWords)
  private readonly heading = make('h2', 'tray-title')
  private readonly badge = make('span', 'badge')
  private readonly close = makeButton('quiet', () => this.toggle(false), icon('minimise'))
  private readonly more = makeButton('link', () => {
    this.unfolded = !this.unfolded
    this.schedule()
  })
  private readonly unhide = makeButton('link', () => {
    this.hiddenJobs.clear()
    this.schedule()
  })
  private readonly recent = makeButton('link', () => {
    this.withRecent = !this.withRecent
    this.schedule()
  })
  private readonly offers = make('div', 'tray-offers', this.more, this.recent, this.unhide)
  private readonly list = new JobList(this, { hidden: this.hiddenJobs })
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
    const foot = make('footer', 'tray-foot', this.offers, this.note)
    const box = make('div', 'tray-box', this.list.root, this.empty)
    mark(this.body, 'class', 'body tray')
    mark(this.card, 'part', 'card')
    mark(this.pill, 'part', 'pill')
    mark(this.badge, 'part', 'badge')
    mark(this.card, 'tabindex', -1)
    mark(this.close, 'aria-expanded', 'true')
    mark(this.pill, 'aria-expanded', 'false')
    mark(this.list.root, 'id', 'tray-list')
    mark(this.more, 'aria-controls', 'tray-list')
    this.card.append(head, box, foot)
    this.card.addEventListener('pointerenter', (event) => this.point(event.pointerType !== 'touch'))
    this.card.addEventListener('pointerleave', () => this.point(false))
    this.card.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      this.toggle(false)
    })
    this.body.append(this.card, this.pill)
  }

  protected override changed(name: string): void {
    if (name === 'open') this.opened()
    else if (name === 'limit' || name === 'leave-tracked') this.schedule()
    else super.changed(name)
  }

  protected override forget(): void {
    super.forget()
    this.list.forget()
    this.withRecent = this.unfolded = false
    this.hiddenJobs.clear()
    this.unseen = { count: 0, failed: false }
    for (const counted of [this.more, this.unhide]) this.offer(counted, undefined)
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
    const hidden = this.drawRows(active, ended, view?.ready)
    this.drawFoot(active, ended.length > 0, hidden)
    return active.length > 0
  }

  /** Answers how many jobs that belong here are hidden. */
  private drawRows(active: readonly JobSummary[], ended: readonly JobSummary[], ready = false): number {
    const { words } = this
    // History is in the way while something runs.
    const history = this.withRecent || active.length === 0
    const recent = history ? ended : []
    const isShown = (job: JobSummary) => !this.hiddenJobs.has(job)
    const [running, over] = [active.filter(isShown), recent.filter(isShown)]
    const most = Math.max(1, this.limit || LIMIT)
    const fold = this.unfolded ? undefined : most
    const shown = this.list.draw(
      [
        { key: 'active', title: words.active, jobs: running, limit: ACTIVE_ROWS, step: ACTIVE_ROWS, fold },
        { key: 'ended', title: words.recent, jobs: over, limit: RECENT_ROWS, step: RECENT_STEP },
      ] satisfies JobGroup[],
      `${history}`,
    )
    const hidden = active.length + recent.length - running.length - over.length
    const none = hidden > 0 ? words.noneOfThese : ready ? words.noJobs : words.loading
    sayIfAny(this.empty, shown > 0 ? undefined : none)
    const { folded } = this.list
    const canFold = this.unfolded && running.length > most
    this.offer(this.more, canFold ? words.showLess : folded > 0 ? words.more(folded) : undefined)
    mark(this.more, 'aria-expanded', `${this.unfolded}`)
    return hidden
  }

  private drawFoot(active: readonly JobSummary[], anyEnded: boolean, hidden: number): void {
    const { words, recent, unhide, note } = this
    const eitherWay = active.length > 0 && anyEnded
    this.offer(recent, eitherWay ? (this.withRecent ? words.hideRecent : words.showRecent) : undefined)
    mark(recent, 'aria-expanded', `${this.withRecent}`)
    // A line more would move the rows under the pointer. The row that was hidden takes it back meanwhile.
    const mayAppear = (part: HTMLElement) => !part.hidden || !this.list.pointed
    this.offer(unhide, hidden > 0 && mayAppear(unhide) ? words.showHidden(hidden) : undefined)
    // It is said of the page: one job that ends with it is enough to stay.
    const leavable = active.length > 0 && active.every((job) => this.outlivesPage(job))
    this.offer(note, leavable && mayAppear(note) ? words.safeToLeave : undefined)
    const offers = [...this.offers.children] as HTMLElement[]
    show(
      this.offers,
      offers.some((offer) => !offer.hidden),
    )
  }

  /** Shows a part of the foot. What is no longer said keeps its place while somebody points at the card, and its focus goes to the card. */
  private offer(part: HTMLElement, text: string | undefined): void {
    const keeps = text === undefined && this.pointed && !part.hidden
    if (text === undefined && focusedIn(part)) this.card.focus({ preventScroll: true })
    say(part, text ?? '')
    show(part, text !== undefined || keeps)
    mark(part, 'data-kept', keeps)
  }

  private point(pointed: boolean): void {
    this.pointed = pointed
    this.schedule()
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
    // A pointer does not leave what is hidden under it.
    this.pointed = this.list.pointed = false
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
  flags: ['open', 'docked', 'tenant', 'leave-tracked'],
  numbers: ['limit'],
})
