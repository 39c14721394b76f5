/**
 * Groups of rows under their headings, at most so many of each, and "show more" for the rest. While somebody points at the list, or is in it by
 * the keyboard, no row moves.
 * Collaborators: the tray and the jobs element hand the groups in; `HeldOrder` keeps the order.
 */
import type { JobSummary } from '@tidings/client'
import { focusedIn, KeyedParts, make, makeButton, mark, type Part, say, show } from '../drawing.js'
import { HeldOrder, type HeldRow } from '../held-order.js'
import type { HiddenJobs } from '../hidden-jobs.js'
import type { Scene } from '../scene.js'
import { JobRow } from './job-row.js'

export interface JobGroup {
  /** Unique in the list. */
  key: string
  title: string
  jobs: readonly JobSummary[]
  /** Rows shown at first. */
  limit: number
  /** Rows added by "show more". */
  step: number
  /** More rows than this are folded: one less is shown. The list says how many are behind the fold, and whoever folds offers them. */
  fold?: number | undefined
  /** There may be more than these; `more` asks for them. */
  unfinished?: boolean
}

/** A finger holds the list this long after it was lifted. */
const TOUCH_MS = 1_000

export class JobList {
  readonly root = make('div', 'list')
  private readonly fresh: HTMLButtonElement
  private readonly groups: KeyedParts<{ group: JobGroup; rows: HeldRow[] }>
  private readonly order = new HeldOrder()
  /** A mouse is over the rows. */
  pointed = false
  private touched = false
  private endTouch: (() => void) | undefined
  private drawn: { groups: readonly JobGroup[]; key: string } = { groups: [], key: '' }
  private rows = 0
  /** Rows of folded groups that are not shown. */
  folded = 0

  /** `more` is told when all rows of an unfinished group are shown and more are wanted. With `hidden`, rows can be put out of sight. */
  constructor(
    private readonly scene: Scene,
    { more = () => {}, hidden }: { more?: () => void; hidden?: HiddenJobs } = {},
  ) {
    this.fresh = makeButton('button fresh', () => {
      this.order.release()
      scene.schedule()
    })
    const box = make('div', 'groups')
    this.groups = new KeyedParts(
      box,
      ({ group }) => group.key,
      () =>
        new GroupPart(
          () => new JobRow(scene, hidden),
          scene,
          () => this.redraw(),
          more,
        ),
    )
    this.root.append(this.fresh, box)
    box.addEventListener('pointerenter', (event) => this.point(event.pointerType !== 'touch'))
    box.addEventListener('pointerleave', () => this.point(false))
    box.addEventListener('pointerdown', (event) => event.pointerType === 'touch' && this.touch())
    box.addEventListener('focusout', () => scene.schedule())
  }

  /** Answers how many rows there are. Another `key` is another list. */
  draw(groups: readonly JobGroup[], key: string): number {
    this.drawn = { groups, key }
    const wanted = groups.map(({ jobs }) => jobs)
    const held = this.order.arrange(wanted, `${key} ${groups.map((group) => group.key)}`, this.holds())
    this.groups.draw(groups.map((group, place) => ({ group, rows: held.groups[place] })))
    say(this.fresh, this.scene.words.fresh(held.fresh))
    show(this.fresh, held.fresh > 0)
    this.rows = held.groups.reduce((sum, rows) => sum + rows.length, 0)
    this.folded = groups.reduce((sum, group, place) => {
      const rows = held.groups[place].length
      return sum + rows - Math.min(rows, beforeFold(group, rows))
    }, 0)
    return this.rows
  }

  forget(): void {
    this.order.release()
    this.draw([], '')
  }

  private redraw(): void {
    this.draw(this.drawn.groups, this.drawn.key)
  }

  private holds(): boolean {
    return this.pointed || this.touched || !!focusedIn(this.root)?.matches('.groups :focus-visible')
  }

  private point(pointed: boolean): void {
    this.pointed = pointed
    this.scene.schedule()
  }

  private touch(): void {
    const { environment } = this.scene.client
    this.endTouch?.()
    this.touched = true
    const timer = environment.setTimer(() => {
      this.touched = false
      this.scene.schedule()
    }, TOUCH_MS)
    this.endTouch = () => environment.clearTimer(timer)
  }
}

/** Rows that are shown of a folded group; of any other, as many as there are. */
function beforeFold({ fold }: JobGroup, rows: number): number {
  return fold !== undefined && rows > fold ? Math.max(1, fold - 1) : Number.POSITIVE_INFINITY
}

class GroupPart implements Part<{ group: JobGroup; rows: HeldRow[] }> {
  readonly root = make('section', 'group')
  private readonly title = make('h3', 'group-title')
  private readonly rows: KeyedParts<HeldRow>
  private readonly more: HTMLButtonElement
  private extra = 0
  private last: { group: JobGroup; rows: HeldRow[] } | undefined

  constructor(
    makeRow: () => JobRow,
    private readonly scene: Scene,
    redraw: () => void,
    more: () => void,
  ) {
    const list = make('ol', 'rows')
    this.rows = new KeyedParts(list, ({ job }) => job.id, makeRow)
    this.more = makeButton('button more', () => {
      const { group, rows } = this.last ?? {}
      if (!group || !rows) return
      this.extra += group.step
      if (group.unfinished && group.limit + this.extra > rows.length) more()
      redraw()
    })
    this.root.append(this.title, list, this.more)
  }

  draw(drawn: { group: JobGroup; rows: HeldRow[] }): void {
    this.last = drawn
    const { group, rows } = drawn
    const { words } = this.scene
    say(this.title, group.title)
    mark(this.root, 'data-group', group.key)
    const most = beforeFold(group, rows.length)
    const isFolded = Number.isFinite(most)
    const limit = isFolded ? most : group.limit + this.extra
    this.rows.draw(rows.slice(0, limit))
    say(this.more, words.showMore)
    show(this.more, !isFolded && (rows.length > limit || (rows.length > 0 && !!group.unfinished)))
    show(this.root, rows.length > 0)
  }
}
