/** The site: what its last check found, a dialog for the next, and a button that counts its words. */
import type { JobSummary } from '@tidings/client'
import { percentText, statusText } from '@tidings/client/words'
import { useConnection, useJobs } from '@tidings/react'
import { useState } from 'react'
import { CheckDialog, type ShownCheck } from './check-dialog.js'
import { type Findings, useFindings } from './findings.js'
import { addressOf, sessionOf } from './place.js'

export function SitePage() {
  // Which check the dialog shows stays as it was when it was opened.
  const [shown, setShown] = useState<ShownCheck>()
  const {
    active: [running],
    isLoading,
  } = useJobs({ task: 'check-links' })
  const open = () => setShown(running?.id ?? { session: sessionOf('check') })
  const { findings, problem, isKnown, read } = useFindings()
  const { isConnected } = useConnection()
  return (
    <>
      <h1>The site</h1>
      <p className="lead">Eleven pages on a kettle, and the few faults that crept into them.</p>
      <div className="columns">
        <section className="card" aria-labelledby="links">
          <div className="card-head">
            <h2 id="links">Links</h2>
            <button type="button" className="primary" onClick={open}>
              Check links…
            </button>
          </div>
          {running && <Running job={running} onShow={open} />}
          {problem && isConnected && (
            <p className="error">
              {problem}{' '}
              <button type="button" className="quiet" onClick={read}>
                Try again
              </button>
            </p>
          )}
          {findings && <Report findings={findings} />}
          {isKnown && !isLoading && !findings && !running && <p className="soft">They were never checked.</p>}
        </section>
        <section className="card" aria-labelledby="words">
          <h2 id="words">Words</h2>
          <p className="soft">
            This button is an element. It becomes its own progress, and finds it again after a reload.
          </p>
          <tidings-button
            task="word-count"
            session={sessionOf('words')}
            input={{ folder: 'texts', delayMs: 150 }}
            job-title="Words of the texts"
            link={addressOf('/')}
          >
            Count words
          </tidings-button>
        </section>
      </div>
      {shown && <CheckDialog shown={shown} onClose={() => setShown(undefined)} />}
    </>
  )
}

function Running({ job, onShow }: { job: JobSummary; onShow: () => void }) {
  const { percentage } = job.progress ?? {}
  return (
    <p className="soft">
      A check is {statusText(job.status)}
      {percentage !== undefined && ` at ${percentText(percentage)}`}.{' '}
      <button type="button" className="quiet" onClick={onShow}>
        Show it
      </button>
    </p>
  )
}

function Report({ findings }: { findings: Findings }) {
  const { broken, links, images, files, at } = findings
  return (
    <>
      <dl className="facts">
        <div>
          <dt>broken</dt>
          <dd data-bad={broken.length > 0}>{broken.length}</dd>
        </div>
        <div>
          <dt>links</dt>
          <dd>{links}</dd>
        </div>
        <div>
          <dt>images</dt>
          <dd>{images}</dd>
        </div>
        <div>
          <dt>files</dt>
          <dd>{files}</dd>
        </div>
      </dl>
      <ol className="broken">
        {broken.map(({ file, line, target, why }) => (
          <li key={`${file}:${line}:${target}`}>
            <code>
              {file}:{line}
            </code>
            <span>
              <b>{target}</b> {why}
            </span>
          </li>
        ))}
      </ol>
      <p className="soft">Checked {new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}</p>
    </>
  )
}
