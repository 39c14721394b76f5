/**
 * `<tidings-jobs>`: a page of jobs: what runs, what has ended, what failed and why, with filters, and what may be asked of each.
 * Collaborators: the job list draws the rows, `OlderJobs` asks for history that is not held.
 */
import type { ConnectionState, JobSummary } from '@tidings/client'
import { nameOf, numberText, shortId } from '@tidings/client/words'
import { KeyedParts, make, makeButton, mark, type Part, say, sayIfAny, show } from './drawing.js'
import { SOURCE } from './job-source.js'
import { FAILURES, JobsElement, type Sorted } from './jobs-element.js'
import { mirror } from './mirror.js'
import { OlderJobs, queryOf } from './older-jobs.js'
import { ConnectionDot } from './parts/connection-dot.js'
import { type JobGroup, JobList } from './parts/job-list.js'

const FILTERS = ['all', 'active', 'failed', 'ended'] as const
type Filter = (typeof FILTERS)[number]

/** Rows at once, and added by "show more". */
const LIMIT = 50
const MOST_LIMIT = 200

/**
 * The jobs of the caller, or those that `session`, `subject-type` and `subject-id`, `batch`, `root`, `tag`, `task`, `owner` or `tenant` name.
 *
 * @example
 * <tidings-jobs task="check-links" filter="active"></tidings-jobs>
 */
export class TidingsJobs extends JobsElement {
  declare session: string | null
  declare subjectType: string | null
  declare subjectId: string | null
  declare task: string | null
  declare tag: string | null
  declare owner: string | null
  /** Rows of a group at first; 1 to 200, default 50. */
  declare limit: number | null
  private text = ''
  private readonly older = new OlderJobs()
  private readonly dot = new ConnectionDot(this)
  private readonly search = make('input', 'search')
  private readonly filters = make('div', 'filters')
  private readonly head = make('div', 'jobs-head', this.filters, this.search, this.dot.root)
  private readonly list = new JobList(this, { more: () => void this.loadOlder() })
  private readonly empty = make('p', 'empty')
  private readonly refusal = make('p', 'refusal')
  private readonly filterParts = new KeyedParts<{ filter: Filter; count: number }>(
    this.filters,
    ({ filter }) => filter,
    ({ filter }) => new FilterButton(this, filter),
  )

  /** `all`, `active`, `failed` or `ended`. */
  get filter(): Filter {
    const named = this.getAttribute('filter') as Filter
    return FILTERS.includes(named) ? named : 'all'
  }
  set filter(filter: Filter) {
    this.setAttribute('filter', filter)
  }

  protected override build(): void {
    this.search.type = 'search'
    this.search.addEventListener('input', () => {
      this.text = this.search.value.trim().toLowerCase()
      this.schedule()
    })
    mark(this.filters, 'role', 'group')
    mark(this.body, 'part', 'jobs')
    this.body.append(this.head, this.refusal, this.list.root, this.empty)
  }

  protected override changed(name: string): void {
    if (name === 'filter' || name === 'limit' || name === 'verbs') {
      this.schedule()
      return
    }
    this.older.forget()
    this.ends.forget()
    this.restart()
  }

  protected override forget(): void {
    super.forget()
    this.older.forget()
    this.list.forget()
    this.text = this.search.value = ''
  }

  protected override forgetRefusals(): void {
    super.forgetRefusals()
    say(this.refusal, '')
  }

  protected override draw(): boolean {
    const { words, client } = this
    const view = this.jobs?.getSnapshot()
    const sorted = this.sorted(this.older.jobs)
    for (const job of this.ends.look([...sorted.active, ...sorted.ended])) this.ended(job)
    this.drawHead(sorted, client.connection.getSnapshot())
    const { active, ended } = this.chosen(sorted)
    const limit = Math.min(MOST_LIMIT, Math.max(1, this.limit || LIMIT))
    const unfinished = !!view?.truncated && !this.older.complete && queryOf(this.topic) !== undefined
    const shown = this.list.draw(
      [
        { key: 'active', title: words.active, jobs: active, limit, step: limit },
        { key: 'ended', title: words.recent, jobs: ended, limit, step: limit, unfinished },
      ] satisfies JobGroup[],
      `${this.filter} ${this.text}`,
    )
    const any = sorted.active.length + sorted.ended.length > 0
    const none = view?.error?.message ?? (view?.ready ? (any ? words.noneOfThese : words.noJobs) : words.loading)
    sayIfAny(this.empty, shown === 0 ? none : undefined)
    mark(this.empty, 'data-error', view?.error?.code)
    show(this.refusal, !!this.refusal.textContent)
    return shown > 0
  }

  private drawHead({ active, ended }: Sorted, connection: ConnectionState): void {
    const { words } = this
    const failed = ended.filter(({ status }) => FAILURES.has(status)).length
    const counts = { all: active.length + ended.length, active: active.length, failed, ended: ended.length }
    mark(this.filters, 'aria-label', words.filter)
    mark(this.search, 'aria-label', words.search)
    mark(this.search, 'placeholder', words.search)
    this.filterParts.draw(FILTERS.map((filter) => ({ filter, count: counts[filter] })))
    this.dot.draw(connection)
  }

  private chosen({ active, ended }: Sorted): Sorted {
    const { filter, text } = this
    const fits = (job: JobSummary) => !text || said(job).includes(text)
    return {
      active: filter === 'all' || filter === 'active' ? active.filter(fits) : [],
      ended:
        filter === 'active'
          ? []
          : ended.filter((job) => (filter !== 'failed' || FAILURES.has(job.status)) && fits(job)),
    }
  }

  private async loadOlder(): Promise<void> {
    say(this.refusal, '')
    try {
      await this.older.load(this.client, this.topic, this.jobs?.getSnapshot().jobs ?? [])
    } catch (problem) {
      say(this.refusal, this.refused(problem, 'list'))
    }
    this.schedule()
  }
}

/** What the search looks through. */
function said(job: JobSummary): string {
  return [nameOf(job), job.task, job.id, shortId(job.id), ...(job.tags ?? []), job.error?.message]
    .join(' ')
    .toLowerCase()
}

class FilterButton implements Part<{ count: number }> {
  readonly root: HTMLButtonElement
  private readonly word = make('span')
  private readonly count = make('span', 'count')

  constructor(
    private readonly jobs: TidingsJobs,
    private readonly filter: Filter,
  ) {
    this.root = makeButton('filter', () => {
      jobs.filter = filter
    })
    mark(this.root, 'part', 'filter')
    this.root.append(this.word, this.count)
  }

  draw({ count }: { count: number }): void {
    const { words } = this.jobs
    say(this.word, words.filters[this.filter])
    say(this.count, numberText(count, words))
    mark(this.root, 'aria-pressed', this.jobs.filter === this.filter ? 'true' : 'false')
  }
}

mirror(TidingsJobs, { texts: SOURCE.filter((name) => name !== 'job'), own: ['filter'], numbers: ['limit'] })
