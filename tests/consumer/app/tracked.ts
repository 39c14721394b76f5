/** Uses the tracker as an app's server would. */
import { tracker } from '@tidings/track'

const tidings = tracker({ url: 'http://127.0.0.1:8430' })

export async function handler(): Promise<{ rows: number }> {
  return tidings.track(
    'report',
    { owner: 'ann', session: 'wizard-7', subject: { type: 'report', id: '7' } },
    async (job) => {
      await job.checkpoint()
      job.progress({ percentage: 50 })
      job.signal.throwIfAborted()
      return { rows: 7 }
    },
  )
}
