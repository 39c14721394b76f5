/** A window over the page: the browser keeps the focus in it and closes it on Escape. It begins at `data-first`, else at the first field. */
import { type ReactNode, useEffect, useRef } from 'react'
import { Icon } from './icons.js'

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = box.current
    if (!dialog || dialog.open) return
    dialog.showModal()
    dialog.querySelector<HTMLElement>('[data-first], select, input, textarea')?.focus()
  }, [])
  return (
    <dialog ref={box} className="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <header className="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" className="quiet" onClick={() => box.current?.close()} aria-label="Close">
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}
