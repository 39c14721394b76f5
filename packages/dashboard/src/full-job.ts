/**
 * What the live frames leave out of a job: input, result, metadata, events. Asked again with each revision.
 * Collaborators: the job's page. Keeps the numbers of input and result as they were written.
 */
import type { JobEvent } from '@tidings/client'
import { useEffect, useState } from 'react'
import { type JsonNode, member, parseExact } from './exact-json.js'
import { client } from './session.js'

export interface FullJob {
  input?: JsonNode | undefined
  result?: JsonNode | undefined
  metadata?: JsonNode | undefined
  limits?: JsonNode | undefined
  answer?: JsonNode | undefined
}

interface Held {
  id: string
  full?: FullJob
  events?: readonly JobEvent[]
  mistake?: unknown
}

/** `rev` is 0 while the job is not known yet. */
export function useFullJob(id: string, rev: number): Omit<Held, 'id'> {
  const [held, setHeld] = useState<Held>({ id })
  useEffect(() => {
    if (rev === 0) return
    const ending = new AbortController()
    const path = `/jobs/${encodeURIComponent(id)}`
    const put = (part: Partial<Held>) => {
      if (!ending.signal.aborted) setHeld((before) => ({ ...(before.id === id ? before : { id }), ...part }))
    }
    const job = client
      .request('GET', path, { signal: ending.signal })
      .then((text) => put({ full: fullOf(parseExact(text)), mistake: undefined }))
    const events = client.events(id).then((list) => put({ events: list }))
    Promise.all([job, events]).catch((mistake: unknown) => put({ mistake }))
    return () => ending.abort()
  }, [id, rev])
  return held.id === id ? held : {}
}

function fullOf(node: JsonNode): FullJob {
  return {
    input: present(node, 'input'),
    result: present(node, 'result'),
    metadata: present(node, 'metadata'),
    limits: present(node, 'limits'),
    answer: present(node, 'answer'),
  }
}

function present(node: JsonNode, name: string): JsonNode | undefined {
  const value = member(node, name)
  return value?.kind === 'null' ? undefined : value
}
