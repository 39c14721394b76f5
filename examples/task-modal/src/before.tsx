/** The page as it was: with the hook of its own, which asks `/api/tasks/…`. */
import { createRoot } from 'react-dom/client'
import { SitePage } from './site-page.js'
import { useTask } from './use-task.js'

createRoot(document.querySelector('#root') as HTMLElement).render(<SitePage useTask={useTask} />)
