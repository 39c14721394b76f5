/** A modal dialog that runs a task. Closed in the middle, it leaves the job alone; opened again, it shows it where it is now. */
import { useTask } from '@tidings/react'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { CheckLinksInput, CheckLinksOutput } from '../../tasks.js'
import { addressOf, sessionOf } from './place.js'
import { RunPanel } from './run-panel.js'

/** A check that runs, by its id, or the newest of this tab. */
export type ShownCheck = string | { session: string }

export function CheckDialog({ shown, onClose }: { shown: ShownCheck; onClose: () => void }) {
  const session = sessionOf('check')
  const dialog = useRef<HTMLDialogElement>(null)
  const [done, setDone] = useState<string>()
  const task = useTask<CheckLinksInput, CheckLinksOutput>({
    autoConnect: shown,
    onComplete: ({ broken }) => setDone(broken.length ? `Done: ${broken.length} are broken.` : 'Done: all are well.'),
  })
  const isActive = !!task.job && !task.job.endedAt
  useEffect(() => dialog.current?.showModal(), [])

  function start(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const input = { folder: 'site', external: form.has('external'), delayMs: Number(form.get('pace')) }
    setDone(undefined)
    task.startTask('check-links', input, {
      session,
      title: 'Links of Kettle Docs',
      subject: { type: 'site', id: 'kettle-docs' },
      link: addressOf('/'),
    })
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">Check links</h2>
      <form id="check" onSubmit={start} hidden={isActive || task.isLooking}>
        <label>
          Pace
          <select name="pace" defaultValue="100">
            <option value="0">At full speed</option>
            <option value="100">So that one can watch</option>
            <option value="1000">At leisure</option>
          </select>
        </label>
        <label className="check">
          <input type="checkbox" name="external" /> Ask other sites too
        </label>
      </form>
      {isActive && <RunPanel task={task} label="Check of the links" />}
      {!isActive && task.error && <p className="error">{task.error}</p>}
      {!isActive && done && (
        <p className="good" role="status">
          {done}
        </p>
      )}
      <p className="buttons end">
        <button type="button" onClick={() => dialog.current?.close()}>
          {isActive ? 'Leave it running' : 'Close'}
        </button>
        {!isActive && (
          <button type="submit" form="check" className="primary" disabled={task.isLooking || task.status === 'pending'}>
            Start
          </button>
        )}
      </p>
    </dialog>
  )
}
