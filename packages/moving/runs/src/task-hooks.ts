/**
 * Tells a page of each end that a run of a task reaches, once, with what it answered.
 * Collaborators: the client's `onSettled`, which also knows what ended while the page slept or was closed. It refuses to tell of runs of
 * somebody else, and of ends of the other kind.
 */
import type { Client, JobSummary, JobsTopic, Principal } from '@tidings/client'
import { runOf, type TriggerRun } from './run.js'

/** Told once for each end of a run; a run that is retried and ends again is told again. */
export type RunHook = (run: TriggerRun) => unknown

export interface HookOptions {
  /** Only runs that carry this tag, for example `planned-workout:42`. */
  tag?: string
}

export interface EndsHook extends HookOptions {
  task: string
  /** `COMPLETED`, or every other end. */
  completed: boolean
  told: RunHook
}

/** An end is told without its output when that was not read by then. */
const OUTPUT_MS = 5_000

/** Ends whose output was being read when the page that listened was left: told to the next that listens for the same. */
type Untold = Map<string, { owner: string; run: TriggerRun }[]>

const untoldOf = new WeakMap<Client, Untold>()
const readsOf = new WeakMap<Client, Map<string, Promise<unknown>>>()

/**
 * Each topic has its own memory of what was told, so the narrowest is listened to: what another page hears is not taken from this one.
 * Returns what ends it.
 */
export function hearEnds(client: Client, { task, tag, completed, told }: EndsHook): () => void {
  const topic: JobsTopic = tag === undefined ? { task } : { tag }
  const key = JSON.stringify([task, tag, completed])
  let listening = true
  const tell = (owner: string, run: TriggerRun) => {
    if (client.who.getSnapshot()?.subject !== owner) return
    if (listening) told(run)
    else listOf(client, key).push({ owner, run })
  }
  const end = client.onSettled(topic, async (job) => {
    if (job.task !== task || (job.status === 'completed') !== completed) return
    const { subject } = await whoIs(client)
    // Whoever sees all of a tenant is told of his own.
    if (job.owner !== subject) return
    const output = completed ? await outputOf(client, job) : undefined
    tell(subject, output === undefined ? runOf(job) : { ...runOf(job), output })
  })
  for (const { owner, run } of listOf(client, key).splice(0)) queueMicrotask(() => tell(owner, run))
  return () => {
    listening = false
    end()
  }
}

function listOf(client: Client, key: string): { owner: string; run: TriggerRun }[] {
  const untold = untoldOf.get(client) ?? new Map()
  untoldOf.set(client, untold)
  const list = untold.get(key) ?? []
  untold.set(key, list)
  return list
}

/** Known at the next picture at the latest: nothing is told before the server has said who is there. */
function whoIs(client: Client): Promise<Principal> {
  const { who } = client
  const known = who.getSnapshot()
  if (known) return Promise.resolve(known)
  return new Promise((resolve) => {
    const end = who.subscribe(() => {
      const present = who.getSnapshot()
      if (!present) return
      end()
      resolve(present)
    })
  })
}

/** Read once, however many listen. Undefined when it cannot be read, in time or at all. */
function outputOf(client: Client, { id, settlement }: JobSummary): Promise<unknown> {
  const reads = readsOf.get(client) ?? new Map<string, Promise<unknown>>()
  readsOf.set(client, reads)
  const key = `${id}:${settlement}`
  const known = reads.get(key)
  if (known) return known
  const { environment } = client
  const read = new Promise<unknown>((resolve) => {
    const timer = environment.setTimer(() => resolve(undefined), OUTPUT_MS)
    client
      .get(id)
      .then((job) => (job.settlement === settlement ? job.result : undefined))
      .catch(() => undefined)
      .then((output) => {
        environment.clearTimer(timer)
        resolve(output)
      })
  }).finally(() => reads.delete(key))
  reads.set(key, read)
  return read
}
