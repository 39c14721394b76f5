/** The same page with one import changed: the hook of the package, over the connection that all tabs share. */
import { useTask } from '@tidings/react'
import { createRoot } from 'react-dom/client'
import { SitePage } from './site-page.js'

createRoot(document.querySelector('#root') as HTMLElement).render(<SitePage useTask={useTask} />)
