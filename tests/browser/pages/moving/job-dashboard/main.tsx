/** `?user=` is who is signed in: its access token lies in `localStorage`, as the document has it, and `/token` makes another. */
import { createRoot } from 'react-dom/client'
import { JobDashboard } from './job-dashboard.js'

createRoot(document.querySelector('#app') as HTMLElement).render(<JobDashboard />)
