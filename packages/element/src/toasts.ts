/**
 * `<tidings-toasts>`: says that jobs have ended, each once per browser, wherever the user is.
 * Collaborators: the client's `Toasts` is the queue. It refuses to navigate: a link is followed by who presses it.
 */
import type { Client } from '@tidings/client'
import { type Toast, Toasts } from '@tidings/client/toasts'
import { endedText, manyEndedText, nameOf, signOf, statusText } from '@tidings/client/words'
import { announce, announceEnd } from './announcer.js'
import { KeyedParts, make, makeButton, mark, type Part, say, sayIfAny, show } from './drawing.js'
import { Icon, icon } from './icons.js'
import { SOURCE, topicOf } from './job-source.js'
import { LiveElement } from './live-element.js'
import { mirror } from './mirror.js'
import { JobLink } from './parts/job-link.js'
import type { Scene } from './scene.js'

/**
 * Toasts for the ends of the caller's jobs, or of those that the attributes name.
 *
 * @example
 * <tidings-toasts stay="8000"></tidings-toasts>
 */
export class TidingsToasts extends LiveElement {
  declare owner: string | null
  declare task: string | null
  declare tag: string | null
  /** Milliseconds that a toast stays; default 6,000. A failure stays until it is dismissed. */
  declare stay: number | null
  /** Toasts at once; default 4. */
  declare most: number | null
  private toasts: Toasts | undefined
  private readonly told = new Set<string>()
  private readonly list = make('ol', 'toasts')
  private readonly parts = new KeyedParts<Toast>(
    this.list,
    ({ key }) => key,
    () => new ToastPart(this, (key) => this.toasts?.dismiss(key)),
  )

  /** Takes all toasts away. */
  dismissAll(): void {
    for (const { key } of this.toasts?.getSnapshot() ?? []) this.toasts?.dismiss(key)
  }

  protected override build(): void {
    const { list } = this
    this.body.append(list)
    list.addEventListener('pointerenter', () => this.toasts?.hold())
    list.addEventListener('pointerleave', () => this.toasts?.release())
    list.addEventListener('focusin', () => this.toasts?.hold())
    list.addEventListener('focusout', () => this.toasts?.release())
    list.addEventListener('keydown', (event) => {
      const key = (event.target as Element).closest<HTMLElement>('.toast')?.dataset.key
      if (event.key === 'Escape' && key) this.toasts?.dismiss(key)
    })
  }

  protected override follow(client: Client): void {
    this.toasts = new Toasts(client, {
      topic: topicOf(this) ?? { owner: 'me' },
      ...(this.stay && { stayMs: this.stay }),
      ...(this.most && { most: this.most }),
    })
    this.watch(this.toasts)
  }

  protected override forget(): void {
    this.told.clear()
  }

  protected override draw(): boolean {
    const toasts = this.toasts?.getSnapshot() ?? []
    for (const toast of toasts) this.announceOnce(toast)
    mark(this.body, 'role', toasts.length > 0 ? 'region' : undefined)
    mark(this.body, 'aria-label', toasts.length > 0 ? this.words.notifications : undefined)
    this.parts.draw(toasts)
    show(this.list, toasts.length > 0)
    if (toasts.length === 0) this.toasts?.release()
    return false
  }

  private announceOnce({ key, job, counts }: Toast): void {
    if (this.told.has(key)) return
    this.told.add(key)
    if (job) announceEnd(job, this.client, this.words)
    else announce(manyEndedText(counts, this.words), this.client, this.words)
  }
}

class ToastPart implements Part<Toast> {
  readonly root = make('li', 'toast')
  private readonly sign = new Icon('unknown')
  private readonly name = make('b')
  private readonly text = make('span', 'toast-status')
  private readonly error = make('span', 'toast-error')
  private readonly link: JobLink
  private readonly close: HTMLButtonElement
  private key = ''

  constructor(
    private readonly scene: Scene,
    dismiss: (key: string) => void,
  ) {
    this.link = new JobLink(scene, true)
    this.close = makeButton('quiet', () => dismiss(this.key), icon('close'))
    mark(this.root, 'part', 'toast')
    this.link.root.addEventListener('click', () => dismiss(this.key))
    mark(this.link.root, 'class', 'link')
    const words = make('div', 'toast-words', this.name, this.text, this.error, this.link.root)
    this.root.append(this.sign.root, words, this.close)
  }

  draw({ key, job, counts, failed }: Toast): void {
    const { words } = this.scene
    const status = job?.status ?? (failed ? 'failed' : 'completed')
    this.key = key
    this.root.dataset.key = key
    mark(this.root, 'data-status', status)
    this.sign.draw(signOf(status))
    sayIfAny(this.name, job && nameOf(job))
    say(this.text, job ? statusText(job.status, words) : manyEndedText(counts, words))
    sayIfAny(this.error, job?.error?.message)
    if (job) this.link.draw(job)
    show(this.link.root, !!job && this.link.leads)
    mark(this.close, 'aria-label', words.dismiss)
    mark(this.close, 'title', job ? endedText(job, words) : words.dismiss)
  }
}

mirror(TidingsToasts, {
  texts: SOURCE.filter((name) => name !== 'tenant'),
  flags: ['tenant'],
  numbers: ['stay', 'most'],
})
