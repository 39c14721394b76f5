/**
 * One job: what it is, how far it is, what it wrote, what happened to it.
 * Collaborators: follows the job's own topic, so that a link to it works whatever the list shows.
 */
import { hasEnded, type JobSummary, type JobsView } from '@tidings/client'
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react'
import { go, linkTo, type Tab } from './address.js'
import { type FullJob, useFullJob } from './full-job.js'
import { Icon } from './icons.js'
import { JobName } from './job-name.js'
import { JobOutput } from './job-output.js'
import { JobTimeline } from './job-timeline.js'
import { JsonView } from './json-view.js'
import { problemText } from './notices.js'
import { ProgressBar } from './progress-bar.js'
import { isNarrow } from './screen.js'
import { client, useView } from './session.js'
import { StatusChip } from './status-chip.js'
import { Elapsed, Moment, WishWords } from './times.js'
import { Verbs } from './verbs.js'
import { elsewhereText, fullNameOf, reasonText, shortId } from './wording.js'

const TABS: readonly [Tab, string][] = [
  ['details', 'Details'],
  ['output', 'Output'],
  ['timeline', 'Timeline'],
]
/** What another system's job brings is its result, which stands in the details. */
const TABS_ELSEWHERE = TABS.filter(([name]) => name !== 'output')

export function JobDetails({ id, tab: asked, known }: { id: string; tab: Tab; known: JobSummary | undefined }) {
  const view = useView(useMemo(() => client.jobs({ job: id }), [id]))
  const job = newer(view.jobs[0], known)
  const { full, events, mistake } = useFullJob(id, job?.rev ?? 0)
  const elsewhere = job && elsewhereText(job)
  const tabs = elsewhere ? TABS_ELSEWHERE : TABS
  const tab = tabs.some(([name]) => name === asked) ? asked : 'details'
  const article = useRef<HTMLElement>(null)
  const title = job && fullNameOf(job)
  useEffect(() => {
    document.title = title ? `${title} · Tidings` : 'Tidings'
    return () => {
      document.title = 'Tidings'
    }
  }, [title])
  // On a phone the list is gone, and the focus with it.
  useEffect(() => {
    if (isNarrow()) article.current?.focus()
  }, [])
  return (
    <article ref={article} tabIndex={-1} className="job" aria-label={job ? fullNameOf(job) : 'Job'}>
      <button type="button" className="quiet job-close" onClick={() => go({ job: '' })} aria-label="Close this job">
        <Icon name="close" />
        <Icon name="back" />
        <span className="job-back-words">Jobs</span>
      </button>
      {!job && <Absent ready={view.ready} error={view.error} />}
      {job && (
        <>
          <header className="job-head" data-status={job.status}>
            <div className="job-line">
              <StatusChip status={job.status} />
              <span className="job-elapsed">
                <Elapsed job={job} />
              </span>
              <WishWords job={job} />
            </div>
            <h2>
              <JobName job={job} />
            </h2>
            {job.reason && <p className="job-reason">{reasonText(job.reason)}</p>}
            <ProgressBar job={job} large />
            {job.error && (
              <p className="job-error">
                <b>{reasonText(job.error.kind)}</b> {job.error.message}
              </p>
            )}
            {elsewhere && <p className="job-elsewhere">{elsewhere}</p>}
            <div className="job-actions">
              <Verbs job={job} />
              {job.link && isWebLink(job.link) && (
                <a className="button" href={job.link} target="_blank" rel="noreferrer">
                  <Icon name="link" />
                  Open result
                </a>
              )}
            </div>
          </header>
          <Tabs tabs={tabs} tab={tab} />
          <div className="tab-panel" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
            {tab === 'details' && <Facts job={job} full={full} mistake={mistake} />}
            {tab === 'output' && <JobOutput id={id} ended={hasEnded(job.status)} />}
            {tab === 'timeline' && <JobTimeline events={events} />}
          </div>
        </>
      )}
    </article>
  )
}

/** The list and the job's own topic may be a frame apart: the higher revision is the newer, then the higher tick. */
function newer(one: JobSummary | undefined, other: JobSummary | undefined): JobSummary | undefined {
  if (!one || !other) return one ?? other
  if (one.rev !== other.rev) return one.rev > other.rev ? one : other
  return (other.progress?.tick ?? -1) > (one.progress?.tick ?? -1) ? other : one
}

/** An app names the link: nothing but the web is followed. */
function isWebLink(link: string): boolean {
  return /^(https?:\/\/|\/(?!\/))/i.test(link)
}

function Absent({ ready, error }: Pick<JobsView, 'ready' | 'error'>) {
  if (!ready && !error) return <p className="output-none job-loading">Loading…</p>
  const refused = error !== undefined && error.code !== 'not_found'
  return (
    <div className="state state-small">
      <h2>{refused ? 'This job cannot be shown' : 'No such job'}</h2>
      <p>{refused ? error.message : 'It was deleted, or its time to be kept is over.'}</p>
      <button type="button" className="button" onClick={() => go({ job: '' })}>
        Back to the list
      </button>
    </div>
  )
}

function Tabs({ tabs, tab }: { tabs: readonly [Tab, string][]; tab: Tab }) {
  const row = useRef<HTMLDivElement>(null)
  const turn = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const at = tabs.findIndex(([name]) => name === tab)
    const [next] = tabs[(at + step + tabs.length) % tabs.length] ?? TABS[0]
    go({ tab: next })
    row.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label="Parts of this job" ref={row} onKeyDown={turn}>
      {tabs.map(([name, words]) => (
        <button
          type="button"
          role="tab"
          key={name}
          id={`tab-${name}`}
          aria-selected={tab === name}
          aria-controls={`panel-${name}`}
          tabIndex={tab === name ? 0 : -1}
          onClick={() => go({ tab: name })}
        >
          {words}
        </button>
      ))}
    </div>
  )
}

function Facts({ job, full, mistake }: { job: JobSummary; full: FullJob | undefined; mistake: unknown }) {
  const here = job.mode !== 'mirrored'
  return (
    <>
      {mistake !== undefined && (
        <p className="mistake" role="alert">
          {problemText(mistake)}
        </p>
      )}
      <Part title="Result" node={full?.result} />
      <Part title="Input" node={full?.input} />
      <Part title="Answer" node={full?.answer} />
      <dl className="facts">
        <Fact name="Id" value={<code>{job.id}</code>} />
        <Fact name="External id" value={job.externalId && <code>{job.externalId}</code>} />
        <Fact
          name="Task"
          value={
            <a href={linkTo({ task: job.task, job: job.id })} onClick={follow({ task: job.task })}>
              {job.task}
            </a>
          }
        />
        <Fact name="Mode" value={job.mode} />
        <Fact name="Owner" value={job.owner} />
        <Fact name="Tenant" value={job.tenant} />
        <Fact name="Subject" value={job.subject && `${job.subject.type} ${job.subject.id}`} />
        <Fact name="Session" value={job.session} />
        <Fact name="Tags" value={job.tags?.length ? job.tags.join(', ') : undefined} />
        <Fact name="Attempt" value={job.attempt || undefined} />
        <Fact name="Ends reached" value={(job.settlement ?? 0) > 1 ? job.settlement : undefined} />
        <Fact name="Priority" value={job.priority || undefined} />
        <Fact name="Pause" value={here && job.pause} />
        <Fact name="Created" value={<Moment time={job.createdAt} />} />
        <Fact name="Due" value={job.dueAt && <Moment time={job.dueAt} />} />
        <Fact name="Started" value={job.startedAt && <Moment time={job.startedAt} />} />
        <Fact name="Ended" value={job.endedAt && <Moment time={job.endedAt} />} />
        <Fact name="Run again of" value={job.rerunOf && <JobLink id={job.rerunOf} />} />
        <Fact name="Parent" value={job.parentId && <JobLink id={job.parentId} />} />
        <Fact name="Root" value={job.rootId && job.rootId !== job.id && <JobLink id={job.rootId} />} />
        <Fact name="Batch" value={job.batchId && <code>{job.batchId}</code>} />
        <Fact name="Revision" value={job.rev} />
      </dl>
      <Part title="Metadata" node={full?.metadata} />
      <Part title="Limits" node={here ? full?.limits : undefined} />
    </>
  )
}

function follow(change: Parameters<typeof go>[0]) {
  return (event: { preventDefault(): void; metaKey: boolean; ctrlKey: boolean }) => {
    if (event.metaKey || event.ctrlKey) return
    event.preventDefault()
    go(change)
  }
}

function JobLink({ id }: { id: string }) {
  return (
    <a href={linkTo({ job: id })} onClick={follow({ job: id })}>
      <code>{shortId(id)}</code>
    </a>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  if (value === undefined || value === null || value === false || value === '') return null
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Part({ title, node }: { title: string; node: FullJob['input'] }) {
  if (!node) return null
  return (
    <section className="part">
      <h3>{title}</h3>
      <JsonView node={node} label={title} />
    </section>
  )
}
