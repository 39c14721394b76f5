/**
 * Picks a task, takes its input as JSON, its priority and when it starts, submits it.
 * Collaborators: the task list of the server, `exact-json` for mistakes in words and numbers that stay whole.
 */
import type { Job, Task } from '@tidings/client'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { go } from './address.js'
import { Dialog } from './dialog.js'
import { JsonMistake, parseExact } from './exact-json.js'
import { problemText } from './notices.js'
import { AT_ONCE, runAtOf } from './run-at.js'
import { client } from './session.js'
import { StartOptions } from './start-options.js'

/** The input goes as it was typed: parsed and written again, a large number in it would be rounded. */
async function submitExactly(request: object, inputText: string): Promise<Job> {
  const plain = JSON.stringify(request)
  const body = inputText ? `${plain.slice(0, -1)},"input":${inputText}}` : plain
  return JSON.parse(await client.request('POST', '/jobs', { body, idempotencyKey: client.environment.uniqueKey() }))
}

export function TaskStarter({ tasks, onClose }: { tasks: readonly Task[]; onClose: () => void }) {
  const [name, setName] = useState(tasks[0]?.name ?? '')
  const [input, setInput] = useState(() => exampleOf(tasks[0]))
  const [title, setTitle] = useState('')
  const [priority, setPriority] = useState('')
  const [start, setStart] = useState(AT_ONCE)
  const [mistake, setMistake] = useState('')
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const task = tasks.find((each) => each.name === name)

  const choose = (next: string) => {
    const untouched = input.trim() === '' || input === exampleOf(task)
    setName(next)
    if (untouched) setInput(exampleOf(tasks.find((each) => each.name === next)))
    setMistake('')
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const inputText = input.trim()
    try {
      if (inputText) parseExact(inputText)
    } catch (error) {
      if (error instanceof JsonMistake) setMistake(error.message)
      return
    }
    setBusy(true)
    setMistake('')
    try {
      const job = await submitExactly(
        {
          task: name,
          title: title.trim() || undefined,
          priority: Number(priority) || undefined,
          runAt: runAtOf(start, client.environment.now()),
        },
        inputText,
      )
      onClose()
      go({ job: job.id })
    } catch (error) {
      setMistake(problemText(error))
      setBusy(false)
    }
  }
  const send = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) form.current?.requestSubmit()
  }
  return (
    <Dialog title="Start a job" onClose={onClose}>
      {tasks.length === 0 ? (
        <p>
          There is no task to start: declare one in <code>tidings.toml</code>, or let a worker register its own.
        </p>
      ) : (
        <form ref={form} className="starter" onSubmit={submit} onKeyDown={send}>
          <label htmlFor="starter-task">Task</label>
          <select id="starter-task" value={name} onChange={(event) => choose(event.target.value)}>
            {tasks.map((each) => (
              <option key={each.name} value={each.name}>
                {each.title ? `${each.title} (${each.name})` : each.name}
              </option>
            ))}
          </select>
          {task && (
            <div className="starter-about">
              {task.description && <p>{task.description}</p>}
              <p className="starter-load">{loadOf(task)}</p>
            </div>
          )}
          <label htmlFor="starter-title">
            Title <small>optional, shown in the list</small>
          </label>
          <input
            id="starter-title"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
            autoComplete="off"
          />
          <StartOptions priority={priority} onPriority={setPriority} start={start} onStart={setStart} />
          <label htmlFor="starter-input">
            Input <small>JSON</small>
          </label>
          <textarea
            id="starter-input"
            className="code"
            rows={8}
            spellCheck={false}
            value={input}
            onChange={(event) => setInput(event.target.value)}
            aria-invalid={mistake !== ''}
            aria-describedby="starter-mistake"
          />
          <p id="starter-mistake" className="mistake" role="alert">
            {mistake}
          </p>
          <div className="dialog-foot">
            <kbd>Ctrl Enter</kbd>
            <button type="submit" className="button button-main" disabled={busy || !name}>
              {busy ? 'Starting…' : 'Start'}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function exampleOf(task: Task | undefined): string {
  return task?.example === undefined || task.example === null ? '' : JSON.stringify(task.example, null, 2)
}

function loadOf({ running, pending, concurrency }: Task): string {
  const most = concurrency ? ` of ${concurrency}` : ''
  return `${running}${most} running, ${pending} pending`
}
