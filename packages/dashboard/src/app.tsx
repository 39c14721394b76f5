/**
 * The page: header, counts, list, and the open job beside it or, on a narrow screen, in its place.
 * Collaborators: everything that is shown, the address, the keys.
 */
import { type JobSummary, type Me, type Task, TidingsProblem, type Verb } from '@tidings/client'
import { tasksOf } from '@tidings/client/counts'
import { useEffect, useRef, useState } from 'react'
import { go, useAddress } from './address.js'
import { ClearDialog } from './clear-dialog.js'
import { endedStatuses } from './clear-ended.js'
import { ConnectionBadge } from './connection-badge.js'
import { Dialog } from './dialog.js'
import { Filters } from './filters.js'
import { Icon } from './icons.js'
import { JobDetails } from './job-details.js'
import { JobList } from './job-list.js'
import { KEY_WORDS, useKeys } from './keys.js'
import { Notices, say } from './notices.js'
import { client, hasToken, signOut, useView } from './session.js'
import { SettledAnnouncer } from './settled-announcer.js'
import { Forbidden, Loading, NoJobs, SignIn, Unreachable } from './states.js'
import { TaskStarter } from './task-starter.js'
import { ask } from './verbs.js'
import { elsewhereText, fullNameOf, VERB_TEXT } from './wording.js'

const NO_TASKS: readonly Task[] = []
const EVERYTHING = client.jobs({ tenant: true })

const FORBIDDEN: Record<string, string> = {
  forbidden_origin:
    'The server does not take connections from this web address. An operator can add it to access.origins.',
  too_many_connections: 'You have too many connections open. Close another tab and try again.',
  bad_frame: 'The server did not understand this page. It may be newer than the page: reload it.',
}

export function App() {
  const address = useAddress()
  const view = useView(EVERYTHING)
  const connection = useView(client.connection)
  const { who, problem } = useAround(connection.state)
  const tasks = useView(tasksOf(client)) ?? NO_TASKS
  const [shown, setWindow] = useState<'' | 'start' | 'clear' | 'help'>('')
  const search = useRef<HTMLInputElement>(null)

  const chosen = (): JobSummary | undefined => {
    const id = focusedRow()?.dataset.job ?? address.job
    return view.jobs.find((job) => job.id === id)
  }
  const press = (...verbs: Verb[]) => {
    const job = chosen()
    const verb = job && verbs.find((each) => job.verbs?.includes(each))
    if (job && verb) void ask(job, verb)
    else if (job)
      say(elsewhereText(job) ?? `${fullNameOf(job)} cannot be asked to ${VERB_TEXT[verbs[0]].toLowerCase()} now.`)
  }
  const mayControl = !!who?.scopes.some((scope) => scope === 'jobs:control' || scope === 'admin')
  const showsEnded = endedStatuses(address).length > 0
  const clear = () => {
    if (mayControl && showsEnded) setWindow('clear')
    else say(mayControl ? 'No ended job fits this filter.' : 'You may not delete jobs.')
  }
  useKeys({
    move: moveFocus,
    open: () => focusedRow()?.click(),
    close: () => (shown ? setWindow('') : go({ job: '' })),
    pauseOrResume: () => press('pause', 'resume'),
    abort: () => press('abort'),
    retry: () => press('retry'),
    start: () => setWindow('start'),
    clear,
    search: () => search.current?.focus(),
    help: () => setWindow('help'),
  })

  const refused = connection.state === 'stopped' ? connection.reason : undefined
  if (refused === 'unauthenticated' || problem?.status === 401) return <SignIn refused />
  if (refused && FORBIDDEN[refused]) return <Forbidden what={FORBIDDEN[refused]} />
  if (problem?.status === 403) return <Forbidden what={problem.message} />
  if (view.error) return <Forbidden what={view.error.message} />

  const nothing = view.ready && view.jobs.length === 0 && !view.truncated && !address.job
  return (
    <div className="app" data-job={address.job ? 'open' : undefined}>
      <a className="skip" href="#jobs">
        Skip to the jobs
      </a>
      <header className="top">
        <h1>
          <img src="./icon.svg" alt="" width="24" height="24" />
          Tidings
        </h1>
        <ConnectionBadge />
        <div className="top-end">
          {who && (
            <span className="who" title={who.open ? 'Open mode: no access control' : undefined}>
              {who.subject}
            </span>
          )}
          {hasToken() && (
            <button type="button" className="link" onClick={signOut}>
              Sign out
            </button>
          )}
          <button type="button" className="button button-sign" onClick={() => setWindow('help')} aria-label="Keys">
            ?
          </button>
          <button type="button" className="button button-main" onClick={() => setWindow('start')}>
            <Icon name="plus" />
            Start a job
          </button>
        </div>
      </header>
      <Filters address={address} />
      <main id="jobs" className="panes">
        {!view.ready && (connection.state === 'offline' ? <Unreachable /> : <Loading />)}
        {nothing && <NoJobs task={tasks[0]?.name} onStart={() => setWindow('start')} />}
        {view.ready && !nothing && (
          <JobList
            view={view}
            address={address}
            search={search}
            onClear={mayControl && showsEnded ? clear : undefined}
          />
        )}
        {address.job && (
          <JobDetails
            key={address.job}
            id={address.job}
            tab={address.tab}
            known={view.jobs.find((job) => job.id === address.job)}
          />
        )}
      </main>
      <SettledAnnouncer jobs={view.jobs} />
      <Notices />
      {shown === 'start' && <TaskStarter key={tasks.length} tasks={tasks} onClose={() => setWindow('')} />}
      {shown === 'clear' && <ClearDialog filter={address} onClose={() => setWindow('')} />}
      {shown === 'help' && <KeyHelp onClose={() => setWindow('')} />}
    </div>
  )
}

function KeyHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEY_WORDS.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

function focusedRow(): HTMLElement | undefined {
  const focused = document.activeElement
  const row = focused instanceof HTMLElement ? focused.closest('.row') : null
  return row?.querySelector<HTMLElement>('.row-link') ?? undefined
}

/** To the next row from the focused one, from the open one, or to the first. */
function moveFocus(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.row-link')]
  const from = rows.indexOf(focusedRow() ?? (document.querySelector('.row[data-open] .row-link') as HTMLElement))
  rows[Math.max(0, Math.min(rows.length - 1, from + step))]?.focus()
}

interface Around {
  who: Me | undefined
  problem: TidingsProblem | undefined
}

/** Who I am: asked at each new connection. */
function useAround(state: string): Around {
  const [around, setAround] = useState<Around>({ who: undefined, problem: undefined })
  const asks = state === 'live' || state === 'connecting'
  useEffect(() => {
    if (!asks) return
    let over = false
    client.me().then(
      (who) => over || setAround({ who, problem: undefined }),
      (error: unknown) =>
        over || setAround((before) => ({ ...before, problem: error instanceof TidingsProblem ? error : undefined })),
    )
    return () => {
      over = true
    }
  }, [asks])
  return around
}
