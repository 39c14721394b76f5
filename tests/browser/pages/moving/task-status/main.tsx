/** `?user=` is who is signed in; `&with=package` gives the page hook, store and colours of `@tidings/task-status` in place of its own. */
import { connect } from '@tidings/client'
import { TidingsProvider } from '@tidings/react'
import * as moved from '@tidings/task-status'
import { createRoot } from 'react-dom/client'
import { TaskBoard } from './task-board.js'
import * as own from './task-store.js'
import { useWebSocket } from './use-web-socket.js'

const asked = new URLSearchParams(location.search)
const token = async () => (await fetch(`/token?user=${asked.get('user')}`)).text()

function OwnBoard({ token }: { token: string }) {
  const controls = useWebSocket(token)
  const { tasks, agents, connectionStatus } = own.useStore()
  return (
    <TaskBoard
      {...{ controls, connectionStatus }}
      tasks={Object.values(tasks)}
      agents={Object.values(agents)}
      colorOf={own.colorOf}
      badgeOf={own.badgeOf}
    />
  )
}

function MovedBoard() {
  const controls = moved.useWebSocket()
  const tasks = moved.useTaskStore(moved.selectTasks)
  const agents = moved.useTaskStore(moved.selectAgents)
  const connectionStatus = moved.useTaskStore(moved.selectConnectionStatus)
  const { getCalendarEventColor, getStatusBadgeText } = moved
  return (
    <TaskBoard
      {...{ controls, connectionStatus, tasks, agents }}
      colorOf={getCalendarEventColor}
      badgeOf={getStatusBadgeText}
    />
  )
}

async function board() {
  if (asked.has('with')) {
    return (
      <TidingsProvider client={connect({ token })}>
        <MovedBoard />
      </TidingsProvider>
    )
  }
  const mine = await token()
  await own.fetchTasks(mine)
  return <OwnBoard token={mine} />
}

createRoot(document.querySelector('#app') as HTMLElement).render(await board())
