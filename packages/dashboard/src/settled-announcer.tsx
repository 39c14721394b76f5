/**
 * Says to a screen reader which jobs have ended: together, after a pause, so that many ends are one sentence.
 * Collaborators: the jobs that the list holds. It says nothing of ends that were there at first.
 */
import { hasEnded, type JobSummary } from '@tidings/client'
import { useEffect, useRef, useState } from 'react'
import { fullNameOf, statusText } from './wording.js'

/** Ends within this time are said together. */
const GATHER_MS = 2000
/** More than this many are counted, not named. */
const NAMED = 2

export function SettledAnnouncer({ jobs }: { jobs: readonly JobSummary[] }) {
  const active = useRef(new Set<string>())
  const ended = useRef<JobSummary[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const [words, setWords] = useState('')
  useEffect(() => {
    const before = active.current
    active.current = new Set()
    for (const job of jobs) {
      if (!hasEnded(job.status)) active.current.add(job.id)
      else if (before.has(job.id)) ended.current.push(job)
    }
    if (ended.current.length === 0 || timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      setWords(sentence(ended.current))
      ended.current = []
    }, GATHER_MS)
  }, [jobs])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <p className="visually-hidden" aria-live="polite">
      {words}
    </p>
  )
}

export function sentence(jobs: readonly JobSummary[]): string {
  if (jobs.length <= NAMED) return jobs.map((job) => `${fullNameOf(job)}: ${statusText(job.status)}.`).join(' ')
  const counts = new Map<string, number>()
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1)
  const parts = [...counts].map(([status, count]) => `${count} ${statusText(status)}`)
  return `${jobs.length} jobs ended: ${parts.join(', ')}.`
}
