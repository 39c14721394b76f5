/** The admin page of the older system: counts, a filter, a table with retry and delete, a form, a clean-up; kept true by the socket. */
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react'
import { ask } from './access.js'
import { hearJobs, type Job, type JobStats } from './job-socket.js'

const STATUSES = ['pending', 'running', 'completed', 'failed', 'retrying']
const CARDS = ['pending', 'running', 'completed', 'failed', 'total'] as const

export function JobDashboard() {
  const [jobs, setJobs] = useState<Job[]>()
  const [stats, setStats] = useState<JobStats>()
  const [filter, setFilter] = useState('all')
  const [isConnected, setIsConnected] = useState(false)
  const [unread, setUnread] = useState<number>()
  const [failure, setFailure] = useState('')
  const [wasSignedOut, setWasSignedOut] = useState(false)

  const fetchJobs = useCallback(
    async () => setJobs(await ask<Job[]>(`/jobs${filter === 'all' ? '' : `?status=${filter}`}`)),
    [filter],
  )
  const fetchStats = useCallback(async () => setStats(await ask<JobStats>('/stats')), [])
  const act = async (path: string, asked: { method: string; body?: object }) => {
    try {
      setFailure('')
      await ask(path, asked)
    } catch (refused) {
      setFailure(String(refused))
    }
  }

  useEffect(() => {
    void fetchJobs()
  }, [fetchJobs])
  // The token that the first request found or made is that of the socket.
  const begun = useRef(fetchStats)
  useEffect(() => {
    void begun.current()
    return hearJobs((message) => {
      if (message.type === 'job_update') setJobs((before) => withJob(before ?? [], message.job))
      if (message.type === 'job_stats_update') setStats(message.stats)
      if (message.type === 'unread_count') setUnread(message.unreadCount)
      if (message.type === 'auth_failed') setWasSignedOut(true)
    }, setIsConnected)
  }, [])

  function create(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const options = { priority: 5, maxRetries: Number(form.get('maxRetries')) }
    void act('/jobs', { method: 'POST', body: { name: form.get('name'), data: { to: 'ann@example.com' }, options } })
  }

  return (
    <>
      <h1>Background Jobs</h1>
      <p role="status">{wasSignedOut ? 'Signed out' : isConnected ? `Connected, ${unread} unread` : 'Disconnected'}</p>
      {failure && <p role="alert">{failure}</p>}
      <form onSubmit={create}>
        <input name="name" aria-label="Name" defaultValue="send-email" />
        <input name="maxRetries" aria-label="Max retries" type="number" defaultValue="3" />
        <button type="submit">Create job</button>
      </form>
      <button type="button" onClick={() => act('/cleanup', { method: 'POST', body: { daysOld: 7 } })}>
        Cleanup old jobs
      </button>
      <dl>
        {stats &&
          CARDS.map((name) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd id={`count-${name}`}>{stats[name]}</dd>
            </div>
          ))}
      </dl>
      <select aria-label="Status" value={filter} onChange={(event) => setFilter(event.target.value)}>
        {['all', ...STATUSES].map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      <table aria-busy={!jobs}>
        <tbody>
          {jobs?.map((job) => (
            <tr key={job.id}>
              <td>
                {job.name} {job.id.slice(0, 8)}
              </td>
              <td>{job.status}</td>
              <td>
                {job.attempts} / {job.maxRetries}
              </td>
              <td>{new Date(job.createdAt).toLocaleString()}</td>
              <td>
                {job.status === 'failed' && (
                  <button type="button" onClick={() => act(`/jobs/${job.id}/retry`, { method: 'POST' })}>
                    Retry
                  </button>
                )}
                <button type="button" onClick={() => act(`/jobs/${job.id}`, { method: 'DELETE' }).then(fetchJobs)}>
                  Delete
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function withJob(jobs: Job[], job: Job): Job[] {
  return jobs.some(({ id }) => id === job.id) ? jobs.map((each) => (each.id === job.id ? job : each)) : [job, ...jobs]
}
