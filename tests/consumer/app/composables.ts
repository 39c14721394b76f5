/** Uses the Vue composables as an app would. */
import { createTidings, useConnection, useDigest, useJob, useJobs, useSettled, useTask } from '@tidings/vue'
import { createApp, defineComponent, h, ref } from 'vue'
import { tidings } from './client.js'

const Page = defineComponent(() => {
  const id = ref('job_x')
  const { jobs } = useJobs()
  const { job } = useJob(id)
  const task = useTask<{ folder: string }, { broken: number }>()
  const { state } = useConnection()
  const { unread } = useDigest()
  useSettled('check-links', (ended) => console.log(ended.status))
  return () =>
    h('p', `${jobs.value.length} ${job.value?.status} ${task.result.value?.broken} ${state.value} ${unread.value}`)
})

createApp(Page)
  .use(createTidings({ client: tidings }))
  .mount('#app')
