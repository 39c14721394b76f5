/** Uses the elements as an app would. */
import { setClient, setTexts, type TidingsJobs } from '@tidings/element'
import { tidings } from './client.js'

setClient(tidings)
setTexts({})
export const list: TidingsJobs | null = document.querySelector('tidings-jobs')
document
  .querySelector('tidings-button')
  ?.addEventListener('tidings-settled', (event) => console.log(event.detail.job.status))
