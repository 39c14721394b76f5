/** `?with=@tidings/runs` gives the page the composables and components of the package; without it, it has its own. */
import * as moved from '@tidings/runs'
import { createApp } from 'vue'
import RecommendationsPage from './RecommendationsPage.vue'
import * as own from './use-user-runs.js'

const isMoved = new URLSearchParams(location.search).has('with')
const app = createApp(RecommendationsPage, { composables: isMoved ? moved : own, hasMonitor: isMoved })
if (isMoved) app.use(moved.createRuns())
app.mount('#app')
