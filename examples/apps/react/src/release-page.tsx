/** Packs a release. The page is found by its session: reload it in the middle, or come back later, and it shows the job where it is now. */
import { useTask } from '@tidings/react'
import type { CompressInput } from '../../tasks.js'
import { addressOf, sessionOf } from './place.js'
import { RunPanel } from './run-panel.js'

export function ReleasePage() {
  const session = sessionOf('release')
  const task = useTask<CompressInput>({ autoConnect: { session } })
  const isActive = !!task.job && !task.job.endedAt

  const start = () =>
    task.startTask(
      'compress',
      { folder: 'check-links/site', delayMs: 500 },
      { session, title: 'Release of Kettle Docs', link: addressOf('/release') },
    )

  return (
    <>
      <h1>Release</h1>
      <p className="lead">Packs the site into an archive. Reload this page in the middle: it is here again at once.</p>
      <section className="card" aria-labelledby="archive">
        <div className="card-head">
          <h2 id="archive">Archive</h2>
          {!isActive && (
            <button
              type="button"
              className="primary"
              disabled={task.isLooking || task.status === 'pending'}
              onClick={start}
            >
              {task.job ? 'Pack again' : 'Pack the site'}
            </button>
          )}
        </div>
        {task.status === 'idle' ? (
          <p className="soft">
            {task.isLooking ? 'Looking whether one is being packed…' : 'Nothing was packed in this tab.'}
          </p>
        ) : (
          <RunPanel task={task} label="Release" />
        )}
      </section>
    </>
  )
}
