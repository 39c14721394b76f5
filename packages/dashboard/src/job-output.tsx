/**
 * What a job writes, as it writes it. Follows the end only while the end is in sight; else it counts what came.
 * Collaborators: the client's output view, `OutputLines`, `rowsInSight`.
 */
import { type OutputView, outputOf } from '@tidings/client/output'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Icon } from './icons.js'
import { OutputLines } from './output-lines.js'
import { client, useView } from './session.js'
import { rowsInSight, useScrollPlace } from './window-rows.js'
import { countText, exactTimeText, secondsText } from './wording.js'

/** The same height stands in `details.css`. */
const LINE = 20
/** Nearer to the end than this is at the end. */
const NEAR = 2 * LINE

/** What the gutter says of a stream; of another one, its name. */
const STREAM_MARKS: Record<string, string> = { stdout: '', note: '', stderr: 'err' }

export function JobOutput({ id, ended }: { id: string; ended: boolean }) {
  const view = useView(useMemo(() => outputOf(client, id), [id]))
  const lines = useLines(id, view)
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const [following, setFollowing] = useState(true)
  const [readTo, setReadTo] = useState(0)
  const place = useScrollPlace(box, LINE)
  const [first, end] = rowsInSight(place, lines.length, LINE)
  const last = lines[lines.length - 1]?.number ?? 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line or another size of the box is what scrolls
  useLayoutEffect(() => {
    if (following && box) box.scrollTop = box.scrollHeight
  }, [following, lines, box, place.tall])
  useEffect(() => {
    if (following) setReadTo(last)
  }, [following, last])

  const scrolled = () => {
    if (box) setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR)
  }
  if (view.error) return <p className="output-none">{view.error.message}</p>
  if (lines.length === 0)
    return view.ready ? <NoOutput ended={ended} /> : <p className="output-none">Loading output…</p>
  const unseen = last - readTo
  const labelled = lines.some(({ stream }) => stream !== 'stdout' && stream !== 'note')
  return (
    <div className="output">
      <div
        className="output-box"
        ref={setBox}
        onScroll={scrolled}
        role="log"
        aria-live="off"
        aria-label="Output"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by key
        tabIndex={0}
      >
        <div className="output-lines" data-labelled={labelled || undefined} style={{ height: lines.length * LINE }}>
          {lines.slice(first, end).map((line, index) => (
            <div
              className="output-line"
              data-stream={line.stream}
              key={line.number}
              style={{ transform: `translateY(${(first + index) * LINE}px)` }}
            >
              <time dateTime={line.at} title={exactTimeText(line.at)}>
                {secondsText(line.at)}
              </time>
              <span className="output-stream">{STREAM_MARKS[line.stream] ?? line.stream}</span>
              <span className="output-text">{line.text}</span>
            </div>
          ))}
        </div>
      </div>
      {!following && (
        <button type="button" className="button button-main output-follow" onClick={() => setFollowing(true)}>
          <Icon name="down" />
          {unseen > 0 ? countText(unseen, 'new line', 'new lines') : 'To the end'}
        </button>
      )}
    </div>
  )
}

function NoOutput({ ended }: { ended: boolean }) {
  return (
    <div className="state state-small">
      <svg className="state-art" viewBox="0 0 160 60" aria-hidden="true">
        <path d="M40 16h80M40 30h56M40 44h24" />
        <circle cx="74" cy="44" r="4" />
      </svg>
      <p>{ended ? 'This job has written no output.' : 'Nothing is written yet. It appears here as it comes.'}</p>
    </div>
  )
}

function useLines(id: string, view: OutputView) {
  const made = useRef<{ id: string; from: OutputLines } | undefined>(undefined)
  if (made.current?.id !== id) made.current = { id, from: new OutputLines() }
  made.current.from.take(view)
  return made.current.from.lines
}
