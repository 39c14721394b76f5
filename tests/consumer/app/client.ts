/** Uses every entry of the client as an app would; the compiler is the test. */
import { type Client, connect, hasEnded, type JobSummary, TidingsProblem } from '@tidings/client'
import { claim } from '@tidings/client/claims'
import { countsOf, tasksOf } from '@tidings/client/counts'
import { digestOf } from '@tidings/client/digest'
import { outputOf } from '@tidings/client/output'
import { TaskRun } from '@tidings/client/task-run'

export const tidings: Client = connect({
  url: 'https://jobs.example.org',
  token: async (refused) => (refused ? 'new' : 'old'),
})

const mine = tidings.jobs({ owner: 'me' })
export const stop = mine.subscribe(() => {
  const names: string[] = mine.getSnapshot().jobs.map((job) => `${job.title ?? job.task} ${job.asking ?? job.status}`)
  console.log(names)
})

tidings.onSettled({ subject: { type: 'document', id: '7' } }, async (job: JobSummary) => {
  if (hasEnded(job.status) && (await claim(tidings, `mail ${job.id}`))) console.log(job.error?.message)
})

export async function pause(id: string): Promise<string> {
  try {
    const job = await tidings.pause(id)
    return job?.status ?? 'gone'
  } catch (error) {
    return error instanceof TidingsProblem ? `${error.status} ${error.code}` : 'unknown'
  }
}

export const count: number | undefined = countsOf(tidings).getSnapshot()?.active
export const names: string[] | undefined = tasksOf(tidings)
  .getSnapshot()
  ?.map((task) => task.name)
export const text: string = outputOf(tidings, 'job_x')
  .getSnapshot()
  .pieces.map((piece) => piece.text)
  .join('')
export const unread: number = digestOf(tidings).view.getSnapshot().unread

interface Found {
  broken: number
}
const run = new TaskRun<{ folder: string }, Found>(tidings)
export const broken: number | undefined = run.view.getSnapshot().result?.broken
void run.actions.startTask('check-links', { folder: 'site' })
