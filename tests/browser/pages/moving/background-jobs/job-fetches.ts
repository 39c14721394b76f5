/** What the pages of the older system ask for, as its document writes it: the job of a session, what runs, what has just ended. */
import { useEffect, useState } from 'react'

export interface BackgroundJob {
  id: string
  jobType: string
  status: 'pending' | 'running' | 'completed' | 'failed'
  progress: number
  progressMessage: string | null
  sessionId: string | null
  errorMessage: string | null
}

export function useJobRecovery(sessionId: string) {
  const [resumedJobId, setResumedJobId] = useState<string>()
  const [resumedJob, setResumedJob] = useState<BackgroundJob>()
  const [showProgress, setShowProgress] = useState(false)
  const [showCompletionMessage, setShowCompletionMessage] = useState(false)

  // NEW: Check if operation was running when user left
  useEffect(() => {
    const checkRunningJob = async () => {
      if (!sessionId) return

      const res = await fetch(`/api/background-jobs/by-session/${sessionId}`)
      const { job } = await res.json()

      if (job && (job.status === 'pending' || job.status === 'running')) {
        // Resume watching this job
        setResumedJobId(job.id)
        setResumedJob(job)
        setShowProgress(true)
      } else if (job && job.status === 'completed') {
        // Job finished while user was away
        setShowCompletionMessage(true)
      }
    }

    checkRunningJob()
  }, [sessionId])

  return { resumedJobId, resumedJob, showProgress, showCompletionMessage }
}

const LIST_MS = 3_000
const COMPLETIONS_MS = 10_000

/** How many run, and whether one of this session does: the list that is asked for every three seconds. */
export function useRunningJobs(): BackgroundJob[] {
  const [jobs, setJobs] = useState<BackgroundJob[]>([])
  useEffect(() => {
    const ask = async () => setJobs((await fetch('/api/background-jobs/running').then((r) => r.json())).jobs)
    void ask()
    const interval = setInterval(ask, LIST_MS)
    return () => clearInterval(interval)
  }, [])
  return jobs
}

/** Tells each job that has ended, once for as long as the page is open. */
export function useCompletionToasts(toast: (said: { title: string; description: string }) => void): void {
  useEffect(() => {
    const seenJobs = new Set<string>()
    // Poll for job completion
    const interval = setInterval(async () => {
      const response = await fetch('/api/background-jobs/recent-completions')
      const { jobs } = (await response.json()) as { jobs: BackgroundJob[] }

      jobs.forEach((job) => {
        if (job.status === 'completed' && !seenJobs.has(job.id)) {
          toast({ title: `${job.jobType} completed!`, description: 'Click to view results' })
          seenJobs.add(job.id)
        }
        if (job.status === 'failed' && !seenJobs.has(job.id)) {
          toast({ title: `${job.jobType} failed`, description: job.errorMessage ?? '' })
          seenJobs.add(job.id)
        }
      })
    }, COMPLETIONS_MS)

    return () => clearInterval(interval)
  }, [toast])
}
