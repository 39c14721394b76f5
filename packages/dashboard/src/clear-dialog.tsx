/**
 * Asks whether the ended jobs of the present filter are to be deleted, with their number, then shows how far it is and what became of them.
 * Collaborators: `clear-ended` does it. Closing the window stops it after the round that is under way, and a notice says how far it came.
 */
import { useEffect, useRef, useState } from 'react'
import type { Filter } from './choose-jobs.js'
import { type Cleared, type Count, clearEnded, countEnded, endedStatuses } from './clear-ended.js'
import { Dialog } from './dialog.js'
import { problemText, say } from './notices.js'
import { client } from './session.js'
import { countText, reasonText, statusText } from './wording.js'

type Stage = 'counting' | 'asking' | 'clearing' | 'over'

/** Why a job was kept, by the code of the refusal. */
const KEPT: Record<string, string> = { wrong_status: 'running again' }

const NOTHING: Cleared = { deleted: 0, refused: {} }

export function ClearDialog({ filter, onClose }: { filter: Filter; onClose: () => void }) {
  // The filter of the moment in which it was asked for.
  const [meant] = useState(filter)
  const [stage, setStage] = useState<Stage>('counting')
  const [count, setCount] = useState<Count>({ jobs: 0, ids: [], more: false })
  const [cleared, setCleared] = useState(NOTHING)
  const [mistake, setMistake] = useState('')
  const [stopping] = useState(() => new AbortController())
  const away = useRef<HTMLButtonElement>(null)
  const isClosed = useRef(false)

  useEffect(() => {
    let over = false
    countEnded(client, meant).then(
      (found) => {
        if (over) return
        setCount(found)
        setStage('asking')
      },
      (error: unknown) => {
        if (over) return
        setMistake(problemText(error))
        setStage('over')
      },
    )
    return () => {
      over = true
    }
  }, [meant])

  const clear = async () => {
    let sofar = NOTHING
    const told = (cleared: Cleared) => {
      sofar = cleared
      setCleared(cleared)
    }
    setStage('clearing')
    away.current?.focus()
    try {
      await clearEnded(client, meant, count, told, stopping.signal)
    } catch (error) {
      setMistake(problemText(error))
    }
    setStage('over')
    if (isClosed.current) say(doneText(sofar, stopping.signal.aborted))
  }
  const close = () => {
    isClosed.current = true
    stopping.abort()
    onClose()
  }
  const leave = () => {
    if (stage === 'clearing') stopping.abort()
    else close()
  }
  const jobs = countText(count.jobs, 'job', 'jobs')
  const some = stage === 'asking' && count.jobs > 0
  return (
    <Dialog title="Clear ended jobs" onClose={close}>
      <div className="clear">
        <p className="clear-which">{whichText(meant)}</p>
        <div role="status">
          {stage === 'counting' && <p>Counting…</p>}
          {stage === 'asking' && count.jobs === 0 && <p>There is none.</p>}
          {some && (
            <p>
              <b>{count.more ? `More than ${jobs}` : jobs}</b> will be deleted, with what they wrote and what happened
              to them. It cannot be taken back.
            </p>
          )}
          {stage === 'over' && mistake === '' && <p>{doneText(cleared, stopping.signal.aborted)}</p>}
        </div>
        {stage === 'clearing' && <Clearing count={count} cleared={cleared} />}
        <Refused refused={cleared.refused} />
        <p className="mistake" role="alert">
          {mistake && cleared.deleted > 0 ? `${doneText(cleared, true)} ${mistake}` : mistake}
        </p>
        <div className="dialog-foot">
          <button ref={away} data-first type="button" className="button" onClick={leave}>
            {stage === 'clearing' ? 'Stop' : some ? 'Keep them' : 'Close'}
          </button>
          {some && (
            <button type="button" className="button button-danger" onClick={clear}>
              Delete {count.more ? 'all' : jobs}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  )
}

function Clearing({ count, cleared }: { count: Count; cleared: Cleared }) {
  const gone = Object.values(cleared.refused).reduce((sum, number) => sum + number, cleared.deleted)
  const total = count.more ? undefined : count.jobs
  return (
    <div className="clear-progress">
      <progress aria-label="Jobs gone through" max={total} value={total && Math.min(gone, total)} />
      <p>
        {gone.toLocaleString()}
        {total === undefined ? ' jobs' : ` of ${countText(total, 'job', 'jobs')}`}
      </p>
    </div>
  )
}

function Refused({ refused }: Pick<Cleared, 'refused'>) {
  const all = Object.entries(refused)
  if (all.length === 0) return null
  return (
    <ul className="clear-refused">
      {all.map(([code, number]) => (
        <li key={code}>
          {countText(number, 'job was', 'jobs were')} kept: {KEPT[code] ?? reasonText(code)}
        </li>
      ))}
    </ul>
  )
}

function doneText({ deleted }: Cleared, stopped: boolean): string {
  const told = `${countText(deleted, 'job was', 'jobs were')} deleted.`
  return stopped ? `Stopped. ${told}` : told
}

function whichText(filter: Filter): string {
  const statuses = endedStatuses(filter)
  const { task, text } = filter
  const which = filter.status
    ? `Jobs that are ${statuses.map((status) => statusText(status)).join(', ')}`
    : 'All ended jobs'
  return [which, task && `of ${task}`, text.trim() && `that match “${text.trim()}”`].filter(Boolean).join(' ')
}
