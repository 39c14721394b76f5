/**
 * Which jobs an element is about: the topic that its attributes name, and what of that topic it wants.
 * Collaborators: every element that shows jobs.
 */
import type { JobSummary, JobsTopic } from '@tidings/client'

/** Attributes that say which jobs are meant. The first that is there is the topic, the others narrow it. */
export const SOURCE = [
  'job',
  'session',
  'subject-type',
  'subject-id',
  'batch',
  'root',
  'tag',
  'task',
  'owner',
  'tenant',
]

/** The topic; undefined when no attribute names one. */
export function topicOf(element: Element): JobsTopic | undefined {
  const of = (name: string) => element.getAttribute(name) || undefined
  const [job, session, batch, root, tag, task, owner] = ['job', 'session', 'batch', 'root', 'tag', 'task', 'owner'].map(
    of,
  )
  const subject = { type: of('subject-type'), id: of('subject-id') }
  if (job) return { job }
  if (session) return { session }
  if (subject.type && subject.id) return { subject: { type: subject.type, id: subject.id } }
  if (batch) return { batch }
  if (root) return { root }
  if (tag) return { tag }
  if (task) return { task }
  if (owner) return { owner }
  return element.hasAttribute('tenant') ? { tenant: true } : undefined
}

/**
 * Whether a job of the topic is one of those that the other attributes narrow it to; what the topic holds is for the server to say. `me` is
 * who looks.
 */
export function wantedBy(element: Element, me: string | undefined): (job: JobSummary) => boolean {
  const topic: object = topicOf(element) ?? {}
  const of = (name: string) => (name.split('-')[0] in topic ? undefined : element.getAttribute(name) || undefined)
  const [session, type, subject, batch, tag, task, named] = [
    ...['session', 'subject-type', 'subject-id', 'batch', 'tag', 'task', 'owner'].map(of),
  ]
  const owner = named === 'me' ? me : named
  return (job) =>
    (!session || job.session === session) &&
    (!type || !subject || (job.subject?.type === type && job.subject.id === subject)) &&
    (!batch || job.batchId === batch) &&
    (!tag || !!job.tags?.includes(tag)) &&
    (!task || job.task === task) &&
    (!owner || job.owner === undefined || job.owner === owner)
}

/**
 * The address of a job's link, or undefined when it is not one that a browser may go to from here: a link comes from whoever submitted the
 * job, and must not run as a script.
 */
export function linkOf(job: JobSummary): string | undefined {
  if (!job.link) return undefined
  try {
    const { protocol, href } = new URL(job.link, document.baseURI)
    return protocol === 'https:' || protocol === 'http:' ? href : undefined
  } catch {
    return undefined
  }
}
