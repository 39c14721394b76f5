/**
 * Starts a generation and reads the app's own events of it, as the page did before there were jobs.
 * Collaborators: the route `POST /generate-epm` of the app. When the page is left, the reading ends and the work goes on.
 */
import { useCallback, useState } from 'react'

type Shown =
  | { state: 'idle' }
  | { state: 'running'; progress: number; message: string }
  | { state: 'done'; programId: string }
  | { state: 'failed'; error: string }

export type Generation = Shown & { start(): void }

/** One event of the stream: how far it is, and last the answer. */
interface Told {
  progress?: number
  message?: string
  success?: boolean
  programId?: string
  error?: string
}

export function useGeneration(understandingId: string, sessionId: string): Generation {
  const [shown, show] = useState<Shown>({ state: 'idle' })
  const start = useCallback(async () => {
    show({ state: 'running', progress: 0, message: '' })
    try {
      for await (const told of generate(understandingId, sessionId)) show(shownOf(told))
    } catch (error) {
      show({ state: 'failed', error: String(error) })
    }
  }, [understandingId, sessionId])
  return { ...shown, start }
}

function shownOf({ progress = 0, message = '', success, programId = '', error }: Told): Shown {
  if (error !== undefined) return { state: 'failed', error }
  return success ? { state: 'done', programId } : { state: 'running', progress, message }
}

async function* generate(understandingId: string, sessionId: string): AsyncGenerator<Told> {
  const response = await fetch('/generate-epm', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify({ understandingId, sessionId }),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) return
    text += value
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) yield JSON.parse(event.replace(/^data: /, ''))
  }
}
