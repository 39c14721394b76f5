/** Uses the React hooks as an app would. */
import { TidingsProvider, useConnection, useDigest, useJob, useJobs, useSettled, useTask } from '@tidings/react'
import { tidings } from './client.js'

interface Found {
  broken: number
}

export function Page() {
  const { jobs, pause } = useJobs()
  const { job } = useJob({ session: 'wizard-7' })
  const task = useTask<{ folder: string }, Found>({
    onComplete: ({ broken }) => console.log(broken),
    onError: (why: string) => console.log(why),
  })
  const { state } = useConnection()
  const { unread } = useDigest()
  useSettled('check-links', (ended) => console.log(ended.status))
  return (
    <TidingsProvider client={tidings}>
      <p>
        {state} {unread} {job?.progress.percentage} {task.status} {task.result?.broken}
      </p>
      <button type="button" onClick={() => void task.startTask('check-links', { folder: 'site' })}>
        Start
      </button>
      {jobs.map((each) => (
        <button type="button" key={each.id} onClick={() => void pause(each.id)}>
          {each.title}
        </button>
      ))}
    </TidingsProvider>
  )
}
