/** The frame of every page: the bar with the tray's button, the tray, the toasts, and a word when the connection is gone. */
import { useConnection, useJobs } from '@tidings/react'
import { usePath } from './place.js'
import { ReleasePage } from './release-page.js'
import { SitePage } from './site-page.js'

const PAGES = [
  { path: '/', name: 'Site', Page: SitePage },
  { path: '/release', name: 'Release', Page: ReleasePage },
  { path: '/jobs', name: 'Jobs', Page: JobsPage },
]

export function App() {
  const path = usePath()
  const { activeCount } = useJobs()
  const { Page } = PAGES.find((page) => page.path === path) ?? PAGES[0]
  return (
    <>
      <header className="bar">
        <a className="brand" href="#/">
          <Kettle />
          Kettle Docs
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ path: to, name }) => (
            <a key={to} href={`#${to}`} aria-current={to === path ? 'page' : undefined}>
              {name}
              {to === '/jobs' && activeCount > 0 && <span className="count">{activeCount}</span>}
            </a>
          ))}
        </nav>
        <tidings-tray-button />
      </header>
      <Offline />
      <main>
        <Page />
      </main>
      <tidings-tray docked />
      <tidings-toasts />
    </>
  )
}

function JobsPage() {
  return (
    <>
      <h1>Jobs</h1>
      <p className="lead">Everything you started, in this tab, in another one, or last week.</p>
      <tidings-jobs />
    </>
  )
}

function Offline() {
  const { state, since, reason, reconnect } = useConnection()
  if (state !== 'offline' && state !== 'stopped') return null
  const clock = new Date(since).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return (
    <p className="offline" role="status">
      {state === 'offline' ? `Offline since ${clock}. What you see may be old.` : `Not connected: ${reason}.`}
      <button type="button" className="quiet" onClick={reconnect}>
        Try now
      </button>
    </p>
  )
}

function Kettle() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M6 20h10l-1.2-10.2A2 2 0 0 0 12.8 8H9.2a2 2 0 0 0-2 1.8L6 20Zm9.3-8H17a3 3 0 0 1 0 6h-.9M6.7 13 3 11M9 8V6.5h4V8M11 3.5v1" />
    </svg>
  )
}
