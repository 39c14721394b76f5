/** A desk for the people who write Kettle Docs: they check its links, count its words, pack its releases, and leave while it runs. */
import '@tidings/element'
import type {} from '@tidings/element/jsx'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import './desk.css'

createRoot(document.querySelector('#root') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
