/**
 * `<tidings-tray-button>`: how many jobs run, for any bar of an app; it opens and closes the tray.
 * Collaborators: the tray that `for` names, else the first of the page. Without one it only tells, and the app may do something.
 */
import { make, makeButton, mark, say, sayIfAny } from './drawing.js'
import { tell } from './events.js'
import { icon } from './icons.js'
import { SOURCE } from './job-source.js'
import { JobsElement } from './jobs-element.js'
import { mirror } from './mirror.js'
import type { TidingsTray } from './tray.js'

/** More than this many read as so many and more. */
const MOST = 99

/**
 * A button with the count of running jobs. Its content is its label; without, it says "Jobs".
 *
 * @example
 * <nav><tidings-tray-button></tidings-tray-button></nav>
 */
export class TidingsTrayButton extends JobsElement {
  /** The id of the tray. */
  declare for: string | null
  declare owner: string | null
  declare tag: string | null
  private readonly label = make('slot')
  private readonly badge = make('span', 'badge')
  private readonly heard = make('span', 'only-said')
  private readonly button = makeButton(
    'button tray-button',
    () => this.press(),
    icon('jobs'),
    make('span', 'tray-button-label', this.label),
    this.badge,
    this.heard,
  )
  private readonly toggled = (event: Event) => {
    if (event.target !== this) this.schedule()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('tidings-toggle', this.toggled)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('tidings-toggle', this.toggled)
  }

  protected override build(): void {
    mark(this.button, 'part', 'button')
    mark(this.badge, 'part', 'badge')
    mark(this.badge, 'aria-hidden', 'true')
    this.body.append(this.button)
  }

  protected override draw(): boolean {
    const { words } = this
    const count = this.sorted().active.length
    say(this.label, words.jobs)
    sayIfAny(this.badge, count > MOST ? `${MOST}+` : count > 0 ? `${count}` : undefined)
    say(this.heard, count > 0 ? words.running(count) : '')
    const tray = this.tray()
    mark(this.button, 'aria-expanded', tray ? `${tray.open}` : undefined)
    return false
  }

  private press(): void {
    const tray = this.tray()
    const open = !tray?.open
    if (tell(this, 'tidings-toggle', { open })) tray?.toggle(open, this.button)
  }

  private tray(): TidingsTray | null {
    const id = this.getAttribute('for')
    const found = id ? document.getElementById(id) : document.querySelector('tidings-tray')
    return found?.localName === 'tidings-tray' ? (found as TidingsTray) : null
  }
}

mirror(TidingsTrayButton, {
  texts: [...SOURCE.filter((name) => name !== 'job' && name !== 'tenant'), 'for'],
  flags: ['tenant'],
})
