/**
 * The one voice of the page for screen readers: what the elements have to say is gathered, said once, politely, and in one sentence when
 * many jobs end at once.
 * Collaborators: elements that show ends or refusals. It refuses to say the same end twice, though a tray and a list both saw it, and to
 * speak of progress.
 */
import type { Client, JobSummary } from '@tidings/client'
import { endedText, manyEndedText, type Texts } from '@tidings/client/words'
import { make } from './drawing.js'

/** What happens within this time is said together. */
const GATHER_MS = 1_000
/** More ends than this are counted, not named. */
const NAMED = 2
/** Ends that were said, to know them again. */
const KEPT = 200

let users = 0
let region: HTMLElement | undefined
let timer: { clear: () => void } | undefined
let ends: JobSummary[] = []
let words: string[] = []
const said = new Set<string>()

/** There is a voice from the first of these to the end of the last. */
export function useVoice(): () => void {
  users++
  if (!region) {
    region = make('div')
    region.setAttribute('aria-live', 'polite')
    region.setAttribute('data-tidings', 'announcer')
    const { style } = region
    style.position = 'fixed'
    style.width = style.height = '1px'
    style.overflow = 'hidden'
    style.clipPath = 'inset(50%)'
    style.whiteSpace = 'nowrap'
    document.body.append(region)
  }
  return () => {
    if (--users > 0) return
    hush()
    region?.remove()
    region = undefined
  }
}

export function announceEnd(job: JobSummary, client: Client, texts: Texts): void {
  const key = `${job.id}:${job.settlement ?? 1}`
  if (said.has(key)) return
  said.add(key)
  if (said.size > KEPT) said.delete(said.values().next().value as string)
  ends.push(job)
  gather(client, texts)
}

export function announce(text: string, client: Client, texts: Texts): void {
  words.push(text)
  gather(client, texts)
}

/** Somebody else is there, or nobody: what was said, or was to be, is taken back. */
export function hush(): void {
  timer?.clear()
  timer = undefined
  ends = []
  words = []
  said.clear()
  if (region) region.textContent = ''
}

function gather({ environment }: Client, texts: Texts): void {
  if (timer || !region) return
  const id = environment.setTimer(() => {
    timer = undefined
    if (region) region.textContent = [...words, ...endsText(texts)].join(' ')
    ends = []
    words = []
  }, GATHER_MS)
  timer = { clear: () => environment.clearTimer(id) }
}

function endsText(texts: Texts): string[] {
  if (ends.length <= NAMED) return ends.map((job) => endedText(job, texts))
  const counts: Record<string, number> = {}
  for (const { status } of ends) counts[status] = (counts[status] ?? 0) + 1
  return [manyEndedText(counts, texts)]
}
