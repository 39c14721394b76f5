/**
 * A page that shows the jobs of a topic with nothing but the client. In the query: `user` (none in open mode), `topic` and `settled` as
 * JSON, `share=0`. For the test it notes all that was ever shown, and each end that it was told.
 */
import { type Client, connect } from '@tidings/client'

declare global {
  interface Window {
    tidings: Client
    /** Sign out of this name and in as that one. */
    signIn(user: string): void
    shown: string[]
    told: string[]
  }
}

const query = new URLSearchParams(location.search)
let user = query.get('user')

window.signIn = (name) => {
  user = name
  window.tidings.identityChanged()
}
window.shown = []
window.told = []
window.tidings = connect({
  share: query.get('share') !== '0',
  token: async () => (user === null ? undefined : (await fetch(`/token?user=${user}`)).text()),
})

const jobs = window.tidings.jobs(JSON.parse(query.get('topic') ?? '{"owner":"me"}'))
const list = document.querySelector('#jobs') as HTMLElement
jobs.subscribe(() => {
  const rows = jobs.getSnapshot().jobs.map((job) => `${job.title ?? job.task} ${job.status}`)
  window.shown.push(...rows)
  list.replaceChildren(
    ...rows.map((text) => {
      const row = document.createElement('li')
      row.textContent = text
      return row
    }),
  )
})

const state = document.querySelector('#connection') as HTMLElement
window.tidings.connection.subscribe(() => {
  state.textContent = window.tidings.connection.getSnapshot().state
})

const settled = query.get('settled')
if (settled) window.tidings.onSettled(JSON.parse(settled), (job) => window.told.push(`${job.title} ${job.status}`))
