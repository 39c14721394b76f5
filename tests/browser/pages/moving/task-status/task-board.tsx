/** What that system's pages show of tasks: events of a calendar by colour, badges and counts, what an agent has said last. */

interface Shown {
  id: string
  status: string
  output?: string
  error?: string
  assignee?: string
}

interface Props {
  tasks: readonly Shown[]
  agents: readonly { id: string; status: string; currentTask?: string | null }[]
  connectionStatus: string
  controls: { send(message: { type: 'ping' }): unknown; disconnect(): void; reconnect(): void }
  colorOf(status: string): string
  badgeOf(status: string): string
}

export function TaskBoard({ tasks, agents, connectionStatus, controls, colorOf, badgeOf }: Props) {
  const count = (status: string) => tasks.filter((task) => task.status === status).length
  return (
    <>
      <h1>Tasks</h1>
      <p role="status">{connectionStatus}</p>
      <p id="counts">
        {['pending', 'running', 'completed', 'failed'].map((status) => `${count(status)} ${status}`).join(', ')}
      </p>
      <button type="button" onClick={controls.disconnect}>
        Disconnect
      </button>
      <button type="button" onClick={controls.reconnect}>
        Reconnect
      </button>
      <button type="button" onClick={() => controls.send({ type: 'ping' })}>
        Ping
      </button>
      <ul aria-label="Calendar">
        {tasks.map(({ id, status, output, error, assignee }) => (
          <li key={id} id={`task-${id}`} data-status={status} style={{ borderLeft: `4px solid ${colorOf(status)}` }}>
            {id} {badgeOf(status)} {assignee} {output} {error}
          </li>
        ))}
      </ul>
      <ul aria-label="Agents">
        {agents.map(({ id, status, currentTask }) => (
          <li key={id}>
            {id} {status} {currentTask}
          </li>
        ))}
      </ul>
    </>
  )
}
