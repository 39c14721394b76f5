/**
 * `<tidings-button>`: starts a task, and becomes its progress and its result.
 * Collaborators: the client submits. With a session or a subject, a page that reloads in the middle of a job shows it again, also when it has
 * ended meanwhile.
 */
import { type Client, hasEnded, type JobSummary, type JobsTopic, type SubmitRequest, type Verb } from '@tidings/client'
import { focusedIn, make, makeButton, mark, OptionalPart, say, sayIfAny, show } from './drawing.js'
import { tell } from './events.js'
import { JobElement } from './job-element.js'
import { topicOf } from './job-source.js'
import { mirror } from './mirror.js'
import { JobCard } from './parts/job-card.js'

/** What the button has one word for: "Start again". */
const AGAIN: ReadonlySet<Verb> = new Set(['retry', 'rerun'])

/**
 * A button for a task. Its content is what it says. While a job of its task runs for its session or subject, it shows that job; also one that
 * ended since this browser left the page.
 *
 * @example
 * <tidings-button task="check-links" input='{"folder":"site"}' subject-type="site" subject-id="docs">Check links</tidings-button>
 */
export class TidingsButton extends JobElement {
  declare task: string | null
  declare session: string | null
  declare subjectType: string | null
  declare subjectId: string | null
  /** The title of the job; `title` is the tooltip of every element. */
  declare jobTitle: string | null
  /** Where the app shows the result. */
  declare link: string | null
  /** Separated by spaces. */
  declare tags: string | null
  declare disabled: boolean
  /** The app goes on with a tracked job when the page is left. */
  declare leaveTracked: boolean
  private own: unknown
  /** The job that this element shows. */
  private current: JobSummary | undefined
  private currentId: string | undefined
  private starting = false
  /** Grows when the button is about something or somebody else: an answer to the former start is nobody's. */
  private life = 0
  /** It ended since the page was left: shown when nothing else is. */
  private missed: JobSummary | undefined
  private problem: string | undefined
  private readonly starter = makeButton('button starter', () => void this.start())
  private readonly again = makeButton('button', () => void this.start())
  private readonly label = make('slot')
  private readonly card = new OptionalPart(this.body, () => {
    const card = new JobCard(this)
    card.foot.append(this.again)
    return card
  })
  private readonly refusal = make('p', 'refusal')

  /** The input of the job. A value that is set here wins over the attribute, which is JSON; undefined when it cannot be read. */
  get input(): unknown {
    try {
      return this.given()
    } catch {
      return undefined
    }
  }
  set input(value: unknown) {
    this.own = value
  }

  /** Starts a job now, as a press does. Answers it, or undefined when it was refused or one is on its way. */
  async start(): Promise<JobSummary | undefined> {
    if (this.starting || this.disabled || !this.task) return undefined
    const { life } = this
    this.starting = true
    this.problem = undefined
    this.schedule()
    try {
      const job = await this.client.submit(this.request(this.task))
      if (life === this.life) this.adopt(job)
      tell(this, 'tidings-started', { job })
      return job
    } catch (problem) {
      const text = this.refused(problem, 'submit')
      if (life === this.life) this.problem = text
      return undefined
    } finally {
      this.starting = false
      this.schedule()
    }
  }

  protected override build(): void {
    this.starter.append(this.label)
    mark(this.starter, 'part', 'button')
    mark(this.again, 'part', 'button')
    this.body.append(this.starter, this.refusal)
  }

  protected override follow(client: Client): void {
    const recovery = this.recovery()
    const topic = recovery ?? (this.currentId === undefined ? undefined : { job: this.currentId })
    this.jobs = topic && this.watch(client.jobs(topic))
    if (recovery) this.until(client.onSettled(recovery, (job) => this.heard(job)))
  }

  protected override changed(name: string): void {
    if (name === 'input') return
    if (name === 'task' || name === 'session' || name.startsWith('subject')) this.forget()
    super.changed(name)
  }

  protected override draw(): boolean {
    this.look()
    const { current, words, starting } = this
    const focused = focusedIn(this.body)
    const ended = !!current && hasEnded(current.status)
    this.card.draw(
      current && { job: ended ? onceMore(current) : current, connection: this.client.connection.getSnapshot() },
    )
    show(this.starter, !current)
    show(this.again, ended)
    say(this.again, starting ? words.starting : words.startAgain)
    say(this.label, words.start)
    for (const button of [this.starter, this.again]) {
      mark(button, 'aria-disabled', starting || this.disabled ? 'true' : undefined)
      mark(button, 'aria-busy', starting ? 'true' : undefined)
    }
    sayIfAny(this.refusal, this.problem)
    if (focused && (!focused.isConnected || focused.closest('[hidden]'))) this.giveFocus()
    return !!current && !ended
  }

  protected override forget(): void {
    super.forget()
    this.life++
    this.current = undefined
    this.currentId = undefined
    this.missed = undefined
    this.problem = undefined
  }

  protected override forgetRefusals(): void {
    super.forgetRefusals()
    this.problem = undefined
  }

  private given(): unknown {
    const text = this.getAttribute('input')
    return this.own ?? (text === null ? undefined : JSON.parse(text))
  }

  private request(task: string): SubmitRequest {
    const of = (name: string) => this.getAttribute(name) ?? undefined
    const [type, id, tags] = [of('subject-type'), of('subject-id'), of('tags')]
    return {
      task,
      input: this.given(),
      session: of('session'),
      subject: type && id ? { type, id } : undefined,
      title: of('job-title'),
      link: of('link'),
      tags: tags?.split(/\s+/).filter(Boolean),
    }
  }

  private adopt(job: JobSummary): void {
    this.current = job
    this.currentId = job.id
    this.ends.expect(job.id)
    if (this.recovery()) this.schedule()
    else this.restart()
  }

  /** What had the focus is gone: its heir is what can be pressed now. */
  private giveFocus(): void {
    const heir = [...this.body.querySelectorAll<HTMLElement>('button, a[href]')].find(
      (each) => !each.closest('[hidden]'),
    )
    const target = heir ?? this.card.root
    if (target && !heir) mark(target, 'tabindex', -1)
    target?.focus({ preventScroll: true })
  }

  /** Where a job that was started before this page may be found. */
  private recovery(): JobsTopic | undefined {
    const topic = topicOf(this)
    return topic && ('session' in topic || 'subject' in topic) ? topic : undefined
  }

  private heard(job: JobSummary): void {
    if (this.currentId !== undefined || job.task !== this.task) return
    this.missed = job
    this.ends.expect(job.id)
    this.schedule()
  }

  private look(): void {
    const { jobs = [], ready } = this.jobs?.getSnapshot() ?? {}
    const { task, currentId } = this
    const meant = (job: JobSummary) =>
      currentId === undefined ? job.task === task && !hasEnded(job.status) : job.id === currentId
    const found = jobs.find(meant) ?? (ready && currentId === undefined ? this.missed : undefined)
    // The answer to a start may be ahead of the view.
    if (found && found.rev >= (this.current?.rev ?? 0)) this.current = found
    // Held by its id: its end is shown as well, though others are newer by then.
    this.currentId = this.current?.id
    this.lookForEnd(this.current)
  }
}

/** Without the verbs that would start it again beside the button. */
function onceMore(job: JobSummary): JobSummary {
  return { ...job, verbs: job.verbs?.filter((verb) => !AGAIN.has(verb)) }
}

mirror(TidingsButton, {
  texts: ['task', 'session', 'subject-type', 'subject-id', 'job-title', 'link', 'tags'],
  flags: ['disabled', 'leave-tracked'],
  own: ['input'],
})
