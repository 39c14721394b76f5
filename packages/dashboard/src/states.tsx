/**
 * The page when there is nothing to list: empty, loading, signed out, forbidden, unreachable.
 * Collaborators: app decides which. Each says what to do next.
 */
import { type FormEvent, useState } from 'react'
import { type Address, go } from './address.js'
import { Icon } from './icons.js'
import { say } from './notices.js'
import { client, hasToken, serverUrl, signIn, signOut } from './session.js'

export function Loading() {
  return (
    <div className="list" aria-busy="true">
      <p className="visually-hidden" role="status">
        Loading jobs…
      </p>
      <div className="list-head" />
      <div className="list-box" aria-hidden="true">
        {[72, 54, 64, 40, 60, 48].map((width) => (
          <div className="row-ghost" key={width}>
            <i className="ghost ghost-chip" />
            <i className="ghost" style={{ width: `${width / 2}%` }} />
          </div>
        ))}
      </div>
    </div>
  )
}

export function NoJobs({ task, onStart }: { task: string | undefined; onStart: () => void }) {
  const name = task ?? 'hello'
  const curl = `curl ${serverUrl}/api/v1/jobs \\\n  -H 'content-type: application/json' \\\n  -d '{"task":"${name}"}'`
  return (
    <section className="state" aria-labelledby="no-jobs">
      <svg className="state-art" viewBox="0 0 160 60" aria-hidden="true">
        <path d="M8 36c18 0 18-18 36-18s18 18 36 18 18-18 36-18 18 18 36 18" />
        <circle cx="152" cy="36" r="4" />
      </svg>
      <h2 id="no-jobs">Nothing has run yet</h2>
      <p>Submit a first job and watch it here, live. From a terminal:</p>
      {!task && (
        <>
          <p className="state-step">1. Declare a task in tidings.toml</p>
          <Copyable text={'[tasks.hello]\ncommand = ["echo", "hello"]'} />
          <p className="state-step">2. Submit it</p>
        </>
      )}
      <Copyable text={`tidings submit ${name}`} />
      <Copyable text={curl} />
      {task && (
        <button type="button" className="button button-main" onClick={onStart}>
          <Icon name="plus" />
          Start one here
        </button>
      )}
    </section>
  )
}

function Copyable({ text }: { text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      say('Copied.')
    } catch {
      say('This browser does not allow it: select the text and copy it.')
    }
  }
  return (
    <div className="copyable">
      <pre>{text}</pre>
      <button type="button" className="quiet" onClick={copy} aria-label={`Copy ${text.split('\n')[0]}`}>
        <Icon name="copy" />
      </button>
    </div>
  )
}

export function NothingFits({ address }: { address: Address }) {
  const filtered = address.status || address.task || address.text
  if (!filtered) return null
  return (
    <div className="state state-small">
      <p>No job fits this filter now. One that does will appear here.</p>
      <button type="button" className="button" onClick={() => go({ status: '', task: '', text: '' })}>
        Show all jobs
      </button>
    </div>
  )
}

export function SignIn({ refused }: { refused: boolean }) {
  const [token, setToken] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim()) signIn(token)
  }
  return (
    <main className="state" aria-labelledby="sign-in">
      <h1 id="sign-in">Who is there?</h1>
      <p>This server wants a token. It is kept in this tab only, and forgotten when you close it.</p>
      <form onSubmit={submit} className="sign-in">
        <label htmlFor="token">Token or API key</label>
        <input
          id="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby="token-refused"
        />
        <p id="token-refused" role="alert" className="mistake">
          {refused && hasToken() ? 'The server did not accept that token. It may have ended.' : ''}
        </p>
        <button type="submit" className="button button-main" disabled={!token.trim()}>
          Continue
        </button>
      </form>
      <p className="state-hint">
        An operator makes one with <code>tidings key</code> or <code>tidings token</code>.
      </p>
    </main>
  )
}

export function Forbidden({ what }: { what: string }) {
  return (
    <main className="state" aria-labelledby="forbidden">
      <h1 id="forbidden">Not for you</h1>
      <p>{what}</p>
      <div className="state-actions">
        <button type="button" className="button" onClick={() => client.reconnect()}>
          Try again
        </button>
        {hasToken() && (
          <button type="button" className="button" onClick={signOut}>
            Use another token
          </button>
        )}
      </div>
    </main>
  )
}

export function Unreachable() {
  return (
    <section className="state" aria-labelledby="unreachable">
      <h2 id="unreachable">The server does not answer</h2>
      <p>It is tried again by itself, and everything appears here as soon as it is back.</p>
      <button type="button" className="button button-main" onClick={() => client.reconnect()}>
        Try now
      </button>
    </section>
  )
}
