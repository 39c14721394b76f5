/**
 * Buttons for what may be asked of a job now, as the job itself says. What cannot be taken back is asked twice.
 * Collaborators: the scene asks. A button that is asking stays where it is, so that the focus does; when it goes, the next one has it.
 */
import { hasEnded, type ShownJob, type Verb } from '@tidings/client'
import { nameOf, verbText } from '@tidings/client/words'
import { focusedIn, KeyedParts, make, makeButton, mark, type Part, say, show } from '../drawing.js'
import { Icon } from '../icons.js'
import type { Scene } from '../scene.js'

const ASKED_TWICE: ReadonlySet<Verb> = new Set(['abort', 'kill', 'delete'])
/** How long the second press is waited for. */
const SURE_MS = 4_000
/** Verbs that an element knows, in the order of their buttons. */
const ORDER: readonly Verb[] = ['pause', 'resume', 'run-now', 'retry', 'rerun', 'abort', 'kill', 'delete']

export class VerbButtons implements Part<ShownJob> {
  readonly root = make('div', 'verbs')
  private readonly buttons: KeyedParts<{ job: ShownJob; verb: Verb }>

  /** `compact`: signs alone; their words are said to screen readers and on hover. */
  constructor(
    private readonly scene: Scene,
    compact: boolean,
  ) {
    mark(this.root, 'role', 'group')
    mark(this.root, 'data-compact', compact)
    this.buttons = new KeyedParts(
      this.root,
      ({ verb }) => verb,
      ({ verb }) => new VerbButton(scene, verb, compact),
    )
  }

  draw(job: ShownJob): void {
    mark(this.root, 'aria-label', this.scene.words.actionsFor(nameOf(job)))
    const { offered } = this.scene
    const verbs = ORDER.filter((verb) => job.verbs?.includes(verb) && (offered ? offered.has(verb) : usual(verb, job)))
    const focused = focusedIn(this.root)
    this.buttons.draw(verbs.map((verb) => ({ job, verb })))
    show(this.root, verbs.length > 0)
    // Nothing is left to press: the focus stays with the job.
    const heir = focused && verbs.length === 0 ? this.root.closest<HTMLElement>('.row, .card') : undefined
    if (!heir) return
    mark(heir, 'tabindex', -1)
    heir.focus({ preventScroll: true })
  }
}

/** Once an abort was asked and does not come, kill alone; what runs is not run again, and nothing is deleted unless the page offers it. */
function usual(verb: Verb, job: ShownJob): boolean {
  if (job.wish?.kind === 'abort' && !hasEnded(job.status)) return verb === 'kill'
  if (verb === 'rerun') return job.status === 'completed'
  return verb !== 'kill' && verb !== 'delete'
}

class VerbButton implements Part<{ job: ShownJob }> {
  readonly root: HTMLButtonElement
  private readonly word = make('span')
  private job: ShownJob | undefined
  private sure = false
  private asking = false

  constructor(
    private readonly scene: Scene,
    private readonly verb: Verb,
    private readonly compact: boolean,
  ) {
    this.root = makeButton(`button verb-${verb}`, () => void this.press(), new Icon(verb).root, this.word)
    mark(this.root, 'part', 'button verb')
    this.root.addEventListener('blur', () => this.doubt())
  }

  draw({ job }: { job: ShownJob }): void {
    this.job = job
    const { words } = this.scene
    const verb = verbText(this.verb, words)
    const text = this.sure ? words.really(verb) : verb
    const busy = this.asking || job.asking === this.verb
    say(this.word, text)
    show(this.word, !this.compact || this.sure)
    mark(this.root, 'aria-label', this.compact ? words.verbOn(text, nameOf(job)) : undefined)
    mark(this.root, 'title', this.compact ? text : undefined)
    mark(this.root, 'aria-busy', busy || undefined)
    // Not `disabled`: that would take the focus away.
    mark(this.root, 'aria-disabled', busy || job.asking ? 'true' : undefined)
    mark(this.root, 'data-sure', this.sure)
  }

  private async press(): Promise<void> {
    const { job, scene } = this
    if (!job || this.asking || job.asking) return
    if (ASKED_TWICE.has(this.verb) && !this.sure) {
      this.sure = true
      scene.client.environment.setTimer(() => this.doubt(), SURE_MS)
      this.draw({ job })
      return
    }
    this.sure = false
    this.asking = true
    this.draw({ job })
    await scene.ask(job, this.verb)
    this.asking = false
    scene.schedule()
  }

  private doubt(): void {
    if (!this.sure || !this.job) return
    this.sure = false
    this.draw({ job: this.job })
  }
}
