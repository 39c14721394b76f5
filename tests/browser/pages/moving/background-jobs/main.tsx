/** `?session=` names the wizard; `&with=@tidings/recovery` gives the page the hook of the package in place of its own. */
import { createRoot } from 'react-dom/client'
import { Recovered } from './recovered.js'
import { Background, OwnRecovery } from './wizard-page.js'

const asked = new URLSearchParams(location.search)
const sessionId = asked.get('session') ?? 's-1'

createRoot(document.querySelector('#app') as HTMLElement).render(
  <>
    <h1>EPM program</h1>
    {asked.has('with') ? <Recovered sessionId={sessionId} /> : <OwnRecovery sessionId={sessionId} />}
    <Background sessionId={sessionId} />
  </>,
)
