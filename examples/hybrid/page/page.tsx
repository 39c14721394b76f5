/**
 * One wizard page: generate a program, watch its progress, and find it again after having left.
 * Collaborators: generation, which reads the app's own stream as before; useJobRecovery, which is what was added.
 */
import { useJobs } from '@tidings/react'
import { useJobRecovery } from '@tidings/recovery'
import { useEffect, useState } from 'react'
import { type Generation, useGeneration } from './generation.js'

/** The wizard that is shown: what it is about, and which run through it. */
interface WizardOf {
  understandingId: string
  sessionId: string
}

export function Page(wizard: WizardOf) {
  const [name, setName] = useState<string | null>()
  useEffect(() => {
    fetch('/whoami').then(async (response) => setName(response.ok ? (await response.json()).subject : null))
  }, [])
  if (name === undefined) return null
  return name === null ? <SignIn signedIn={setName} /> : <Wizard {...wizard} />
}

function SignIn({ signedIn }: { signedIn(name: string): void }) {
  const signIn = async () => {
    const body = JSON.stringify({ name: 'ann' })
    const response = await fetch('/sign-in', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    if (response.ok) signedIn('ann')
  }
  return (
    <button type="button" onClick={signIn}>
      Sign in as ann
    </button>
  )
}

function Wizard({ understandingId, sessionId }: WizardOf) {
  const { activeCount } = useJobs()
  const generation = useGeneration(understandingId, sessionId)
  return (
    <>
      <nav>
        <a href="/jobs">Background Jobs {activeCount > 0 && `(${activeCount})`}</a>
      </nav>
      <h1>EPM program</h1>
      <Recovered sessionId={sessionId} isShown={generation.state === 'idle'} />
      <button type="button" disabled={generation.state === 'running'} onClick={generation.start}>
        Generate EPM Program
      </button>
      <Own generation={generation} />
    </>
  )
}

/** What the page showed before there were jobs, and shows still. */
function Own({ generation }: { generation: Generation }) {
  switch (generation.state) {
    case 'idle':
      return null
    case 'running':
      return (
        <section aria-label="Progress">
          <progress value={generation.progress} max={100} />
          <p>{generation.message}</p>
        </section>
      )
    case 'done':
      return <p>Done! View {generation.programId}</p>
    case 'failed':
      return <p role="alert">{generation.error}</p>
  }
}

/** What became of it while this page was away; a page that has started one itself shows that. */
function Recovered({ sessionId, isShown }: { sessionId: string; isShown: boolean }) {
  const { job, resumed, finishedWhileAway, failedWhileAway, dismiss } = useJobRecovery(sessionId)
  if (!job || !isShown) return null
  const dismissal = (
    <button type="button" onClick={dismiss}>
      Dismiss
    </button>
  )
  if (resumed)
    return (
      <div role="status">
        <p>Your EPM generation is still running ({resumed.percent}% complete when you came back)</p>
        <progress value={job.progress.percentage} max={100} />
        <p>{job.progress.message}</p>
        {dismissal}
      </div>
    )
  if (finishedWhileAway) return <div role="status">EPM Program generation completed while you were away! {dismissal}</div>
  if (failedWhileAway)
    return (
      <div role="status">
        EPM Program generation failed: {job.error?.message ?? job.status} {dismissal}
      </div>
    )
  return job.status === 'completed' ? <p>{job.progress.message}</p> : null
}
