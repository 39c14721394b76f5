/**
 * Buttons for what may be asked of a job now, as the job itself says.
 * Collaborators: client, notices. What cannot be taken back is asked twice.
 */
import { hasEnded, type JobSummary, TidingsProblem, type Verb } from '@tidings/client'
import { useEffect, useState } from 'react'
import { go } from './address.js'
import { Icon } from './icons.js'
import { say, sayRefused } from './notices.js'
import { client } from './session.js'
import { fullNameOf, VERB_TEXT } from './wording.js'

const ASKED_TWICE: ReadonlySet<Verb> = new Set(['kill', 'delete'])
/** How long the second press is waited for. */
const SURE_MS = 4000
/** Verbs that this page knows, in the order of their buttons. */
const ORDER: readonly Verb[] = ['pause', 'resume', 'run-now', 'retry', 'rerun', 'abort', 'kill', 'delete']

export async function ask(job: JobSummary, verb: Verb): Promise<void> {
  try {
    const answer = await client.ask(job.id, verb)
    if (verb === 'rerun' && answer) {
      say(`${fullNameOf(job)} runs again as a new job.`)
      go({ job: answer.id })
    } else if (verb === 'delete') {
      say(`${fullNameOf(job)} was deleted.`)
    }
  } catch (error) {
    sayRefused(`${VERB_TEXT[verb]} ${fullNameOf(job)}`, error)
    if (error instanceof TidingsProblem && error.status === 401) client.reconnect()
  }
}

interface Props {
  job: JobSummary
  /** In a row, signs alone; their words are said to screen readers and on hover. */
  compact?: boolean
}

export function Verbs({ job, compact = false }: Props) {
  const allowed = ORDER.filter((verb) => job.verbs?.includes(verb) && (compact ? inRow : inDetails)(verb, job))
  return (
    <fieldset className={compact ? 'verbs verbs-compact' : 'verbs'} aria-label={`Actions for ${fullNameOf(job)}`}>
      {allowed.map((verb) => (
        <VerbButton key={verb} job={job} verb={verb} compact={compact} />
      ))}
    </fieldset>
  )
}

/** A job that still runs is not run again, though the server would allow it. */
function inDetails(verb: Verb, job: JobSummary): boolean {
  return verb !== 'rerun' || hasEnded(job.status)
}

/** Only what is quickly asked; once an abort was asked and does not come, kill alone. */
function inRow(verb: Verb, job: JobSummary): boolean {
  if (job.wish?.kind === 'abort') return verb === 'kill'
  return verb !== 'kill' && verb !== 'delete' && verb !== 'rerun'
}

function VerbButton({ job, verb, compact }: Props & { verb: Verb }) {
  const [asking, setAsking] = useState(false)
  const [sure, setSure] = useState(false)
  useEffect(() => {
    if (!sure) return
    const timer = setTimeout(() => setSure(false), SURE_MS)
    return () => clearTimeout(timer)
  }, [sure])
  const press = async () => {
    if (ASKED_TWICE.has(verb) && !sure) {
      setSure(true)
      return
    }
    setSure(false)
    setAsking(true)
    await ask(job, verb)
    setAsking(false)
  }
  const words = sure ? `Really ${VERB_TEXT[verb].toLowerCase()}?` : VERB_TEXT[verb]
  return (
    <button
      type="button"
      className={`button verb-${verb}${sure ? ' sure' : ''}`}
      onClick={press}
      disabled={asking}
      aria-busy={asking}
      aria-label={compact ? `${words} ${fullNameOf(job)}` : undefined}
      title={compact ? words : undefined}
    >
      <Icon name={verb} />
      {(!compact || sure || verb === 'kill') && <span>{words}</span>}
    </button>
  )
}
