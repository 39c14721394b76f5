/** A field that filters the list by text, shortly after the typing stops. Collaborators: the address. */
import { type RefObject, useEffect, useState } from 'react'
import { go } from './address.js'
import { Icon } from './icons.js'

/** Typing waits this long before it filters. */
const TYPING_MS = 150

export function Search({ text, search }: { text: string; search: RefObject<HTMLInputElement | null> }) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => go({ text: typed }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, text])
  return (
    <label className="search">
      <Icon name="search" />
      <input
        ref={search}
        type="search"
        placeholder="Search title, task, owner, tag, id"
        aria-label="Search jobs"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  )
}
