/** Fields of a new job: how soon it is started before others, and when. Collaborators: the form that submits. */
import { type How, type Start, UNITS } from './run-at.js'

const HOWS: Record<How, string> = { now: 'Now', delay: 'After a delay', time: 'At a time' }

interface Props {
  priority: string
  onPriority: (priority: string) => void
  start: Start
  onStart: (start: Start) => void
}

export function StartOptions({ priority, onPriority, start, onStart }: Props) {
  const change = (part: Partial<Start>) => onStart({ ...start, ...part })
  return (
    <div className="starter-options">
      <div>
        <label htmlFor="starter-priority">
          Priority <small>−100 to 100, higher first</small>
        </label>
        <input
          id="starter-priority"
          type="number"
          min={-100}
          max={100}
          step={1}
          placeholder="0"
          value={priority}
          onChange={(event) => onPriority(event.target.value)}
        />
      </div>
      <div>
        <label htmlFor="starter-start">Start</label>
        <select id="starter-start" value={start.how} onChange={(event) => change({ how: event.target.value as How })}>
          {Object.entries(HOWS).map(([how, words]) => (
            <option key={how} value={how}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {start.how === 'delay' && (
        <div className="starter-delay">
          <input
            type="number"
            aria-label="Delay"
            min={1}
            step={1}
            required
            value={start.amount}
            onChange={(event) => change({ amount: event.target.value })}
          />
          <select
            aria-label="Unit of the delay"
            value={start.unit}
            onChange={(event) => change({ unit: event.target.value as Start['unit'] })}
          >
            {Object.keys(UNITS).map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      )}
      {start.how === 'time' && (
        <div className="starter-delay">
          <input
            type="datetime-local"
            aria-label="Time of the start"
            required
            value={start.time}
            onChange={(event) => change({ time: event.target.value })}
          />
        </div>
      )}
    </div>
  )
}
