/** The page behind the modal: opens it, and keeps the id of the task in this tab, so that the modal finds it after a reload too. */
import { useCallback, useState } from 'react'
import { type CheckLinksOutput, TaskModal, type UseTask } from './task-modal.js'

const KEPT = 'task'

export function SitePage({ useTask }: { useTask: UseTask }) {
  const [isOpen, setIsOpen] = useState(false)
  const [toasts, setToasts] = useState<string[]>([])
  const [output, setOutput] = useState<CheckLinksOutput>()
  const add = (text: string) => setToasts((before) => [...before, text])
  const keep = useCallback((taskId: string) => sessionStorage.setItem(KEPT, taskId), [])
  return (
    <>
      <h1>Kettle site</h1>
      <button type="button" onClick={() => setIsOpen(true)}>
        Check links…
      </button>
      {output && (
        <ul aria-label="Broken links">
          {output.broken.map(({ file, line, target, why }) => (
            <li key={`${file}:${line}:${target}`}>
              {file}:{line} <b>{target}</b> {why}
            </li>
          ))}
        </ul>
      )}
      <ul aria-label="Toasts" aria-live="polite">
        {toasts.map((text, place) => (
          <li key={place}>{text}</li>
        ))}
      </ul>
      {isOpen && (
        <TaskModal
          useTask={useTask}
          lastTaskId={sessionStorage.getItem(KEPT)}
          onTask={keep}
          onResult={setOutput}
          toast={{ success: add, error: add }}
          onClose={() => setIsOpen(false)}
        />
      )}
    </>
  )
}
