/**
 * What all elements share: the client they use, the views they watch while they are in the page, when they draw, and that nothing shows
 * when nobody is signed in.
 * Collaborators: the page's client, the texts, the style sheet. It refuses to touch `HTMLElement` where there is none: on a server the
 * module loads and does nothing.
 */
import { type Client, type ConnectionState, hasEnded, type JobSummary, type Verb, type View } from '@tidings/client'
import { english, mergeTexts, problemText, type TextChanges, type Texts, texts, verbText } from '@tidings/client/words'
import { announce, announceEnd, hush, useVoice } from './announcer.js'
import { make, mark, show } from './drawing.js'
import { type Asked, tell } from './events.js'
import { hasPageClient, onPageClient, pageClient } from './page-client.js'
import type { Scene } from './scene.js'
import { wearSheet } from './sheet.js'

const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement)

const TICK_MS = 1_000
/** What others change is drawn at most this often: bars glide between, and nobody reads faster. */
const PACE_MS = 100

export abstract class LiveElement extends Base implements Scene {
  /** Everything that an element draws, in its shadow tree. */
  protected readonly body = make('div', 'body')
  private ownClient: Client | undefined
  private ownTexts: TextChanges | undefined
  private mergedTexts: { base: Texts; merged: Texts } | undefined
  private endings: (() => void)[] = []
  private built = false
  private drawing = false
  /** Ends the timer of the next tick. */
  private endTick: (() => void) | undefined
  /** Ends the wait for the next draw. */
  private endPace: (() => void) | undefined
  private drawnAt = 0
  /** Whose jobs are drawn. */
  private whose: string | undefined
  /** It was known once who is there. */
  private known = false
  private isLive = false
  private notLiveSince: number | undefined
  /** By job; `rev` is the one that it is drawn at. */
  private readonly refusals = new Map<string, { rev?: number; text: string }>()

  constructor() {
    super()
    wearSheet(this.shadowRoot ?? this.attachShadow({ mode: 'open' }), this.body)
  }

  /** The client of this element. Default: the one of the page. */
  get client(): Client {
    return this.ownClient ?? pageClient()
  }
  set client(client: Client | undefined) {
    if (client === this.ownClient) return
    this.ownClient = client
    this.restart()
  }

  /** Texts that differ in this element from those of the page. */
  get texts(): TextChanges | undefined {
    return this.ownTexts
  }
  set texts(changes: TextChanges | undefined) {
    this.ownTexts = changes
    this.mergedTexts = undefined
    this.schedule()
  }

  get words(): Texts {
    const base = texts.getSnapshot() ?? english
    if (!this.ownTexts) return base
    if (this.mergedTexts?.base !== base) this.mergedTexts = { base, merged: mergeTexts(base, this.ownTexts) }
    return this.mergedTexts.merged
  }

  get now(): number {
    return this.client.environment.now()
  }

  get live(): boolean {
    return this.isLive
  }

  get asOf(): number {
    return this.notLiveSince ?? this.now
  }

  get offered(): ReadonlySet<string> | undefined {
    const listed = this.getAttribute('verbs')
    return listed === null ? undefined : new Set(listed.split(/[\s,]+/))
  }

  outlivesPage({ status, mode }: JobSummary): boolean {
    // What the app does itself may end with the page: only the app knows. How it goes is not known without a connection.
    return this.isLive && !hasEnded(status) && (mode !== 'tracked' || this.hasAttribute('leave-tracked'))
  }

  connectedCallback(): void {
    this.takeEarlyProperties()
    if (!this.built) {
      this.built = true
      this.build()
    }
    if (this.ownClient || hasPageClient()) this.begin()
    // The script that imports the elements may be about to say which client they use.
    else queueMicrotask(() => this.isConnected && this.begin())
  }

  disconnectedCallback(): void {
    this.end()
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before !== after) this.changed(name)
  }

  async ask(job: JobSummary, verb: Verb): Promise<void> {
    this.refusals.delete(job.id)
    this.schedule()
    try {
      await this.client.ask(job.id, verb)
    } catch (problem) {
      this.refused(problem, verb, job)
    }
  }

  refusalOf(job: JobSummary): string | undefined {
    const refusal = this.refusals.get(job.id)
    if (!refusal) return undefined
    refusal.rev ??= job.rev
    return refusal.rev === job.rev ? refusal.text : undefined
  }

  view(job: JobSummary, link: string, event: Event): void {
    if (!tell(this, 'tidings-view', { job, link })) event.preventDefault()
  }

  readonly schedule = (): void => {
    if (this.drawing || this.endings.length === 0) return
    this.drawing = true
    queueMicrotask(() => {
      this.drawing = false
      if (this.endings.length > 0) this.drawAll()
    })
  }

  /** Makes what is drawn into, once. */
  protected abstract build(): void

  /** Watches what it needs: called when the element comes into the page or is about something else. */
  protected abstract follow(client: Client): void

  /** Puts the state of the views into the nodes. Answers whether something shown changes with time. */
  protected abstract draw(): boolean

  /** Nothing of the former user may stay, not even hidden. */
  protected forget(): void {}

  /** What was refused says nothing any more. */
  protected forgetRefusals(): void {
    this.refusals.clear()
  }

  /** An attribute has another value. */
  protected changed(_name: string): void {
    this.restart()
  }

  protected watch<Value>(view: View<Value>, told = this.pace): View<Value> {
    this.until(view.subscribe(told))
    return view
  }

  /** What is to end when the element leaves the page or is about something else. */
  protected until(end: () => void): void {
    this.endings.push(end)
  }

  protected restart(): void {
    if (this.endings.length === 0) return
    this.end()
    this.begin()
  }

  protected announceEnd(job: JobSummary): void {
    announceEnd(job, this.client, this.words)
  }

  /** A job that this element shows has ended. */
  protected ended(job: JobSummary): void {
    this.announceEnd(job)
    // Not in the middle of drawing.
    queueMicrotask(() => tell(this, 'tidings-settled', { job }))
  }

  protected refused(problem: unknown, verb: Asked, job?: JobSummary): string {
    const { words } = this
    const what = verb === 'submit' ? words.start : verb === 'list' ? words.showMore : verbText(verb, words)
    const text = words.refused(what, problemText(problem, words))
    if (job) this.refusals.set(job.id, { text })
    announce(text, this.client, words)
    tell(this, 'tidings-refused', { verb, ...(job && { job }), problem })
    this.schedule()
    return text
  }

  private readonly pace = (): void => {
    const { environment } = this.client
    const wait = this.drawnAt + PACE_MS - environment.now()
    // A clock that was set back is no reason to wait.
    if (wait <= 0 || wait > PACE_MS) this.schedule()
    else if (!this.endPace) {
      const timer = environment.setTimer(() => {
        this.endPace = undefined
        this.schedule()
      }, wait)
      this.endPace = () => environment.clearTimer(timer)
    }
  }

  private begin(): void {
    if (this.endings.length > 0) return
    const { client } = this
    this.endings.push(
      useVoice(),
      onPageClient(() => !this.ownClient && this.restart()),
    )
    // At once: what the former user saw is not left for a moment.
    this.watch(client.connection, this.schedule)
    this.watch(client.who, this.schedule)
    this.watch(texts)
    this.follow(client)
    this.drawAll()
  }

  private end(): void {
    for (const end of this.endings) end()
    this.endings = []
    this.endTimers()
  }

  private endTimers(): void {
    this.endTick?.()
    this.endPace?.()
    this.endTick = this.endPace = undefined
  }

  private drawAll(): void {
    const connection = this.client.connection.getSnapshot()
    this.lookWho(connection)
    this.lookLive(connection)
    const ticks = this.draw()
    const { environment } = this.client
    this.endTimers()
    this.drawnAt = environment.now()
    if (!ticks || !this.isLive || this.body.hidden) return
    // All that ticks on a page turns at the same moment.
    const timer = environment.setTimer(() => this.drawAll(), TICK_MS - (environment.now() % TICK_MS))
    this.endTick = () => environment.clearTimer(timer)
  }

  /** Nothing shows when nobody is signed in; before that is known, what needs room keeps it. */
  private lookWho({ state, reason }: ConnectionState): void {
    const person = this.client.who.getSnapshot()
    const identity = person && JSON.stringify([person.tenant, person.subject])
    if (this.whose !== undefined && identity !== this.whose) {
      this.forgetRefusals()
      this.forget()
      hush()
    }
    this.whose = identity
    this.known ||= !!person || state === 'live' || state === 'catchingUp'
    const refused = state === 'stopped' && reason === 'unauthenticated'
    const out = refused || (!person && this.known)
    show(this.body, !out)
    mark(this.body, 'data-unknown', !person && !out && state === 'connecting')
  }

  /** What is not live stands still: nothing turns or counts as if it were. */
  private lookLive({ state, since }: ConnectionState): void {
    const live = state === 'live'
    if (live && !this.isLive) this.forgetRefusals()
    this.isLive = live
    this.notLiveSince = live ? undefined : (this.notLiveSince ?? since)
    mark(this.body, 'data-still', !live)
  }

  /** What a framework has set before the element was defined. */
  private takeEarlyProperties(): void {
    const own = this as unknown as Record<string, unknown>
    const names = [...((this.constructor as typeof LiveElement).mirrored ?? []), 'client', 'texts']
    for (const name of names) {
      if (!Object.hasOwn(this, name) || !(name in Object.getPrototypeOf(this))) continue
      const value = own[name]
      delete own[name]
      own[name] = value
    }
  }

  /** Names of the properties that stand for attributes. */
  static mirrored: readonly string[] = []
}
