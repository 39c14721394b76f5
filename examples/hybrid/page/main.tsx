import { createRoot } from 'react-dom/client'
import { Page } from './page.js'

const asked = new URLSearchParams(location.search)
const understandingId = asked.get('understanding') ?? 'coffee-shop'
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(<Page understandingId={understandingId} sessionId={asked.get('session') ?? understandingId} />)
}
