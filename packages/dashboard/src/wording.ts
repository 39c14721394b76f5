/**
 * How values read on this page: the words of the client, and those that only the page needs.
 * Collaborators: every component that shows text. No markup here.
 */
import { hasEnded, type JobEvent, type JobSummary } from '@tidings/client'
import { countText as count, english, nameOf, verbText } from '@tidings/client/words'

export {
  durationText,
  elapsed,
  exactTimeText,
  itemsText,
  nameOf,
  reasonText,
  saysWhy,
  secondsText,
  shortId,
  statusText,
  timeText,
  wishText,
} from '@tidings/client/words'

export const VERB_TEXT = english.verbs

/**
 * What tells a job from others of its name: its external id. Of a job that runs here, only where its title says no more than its task;
 * of a mirrored one always, for by it those know it who run it.
 */
export function apartText(job: JobSummary): string | undefined {
  const { externalId, title, task, mode } = job
  const tells = mode !== 'mirrored' && title !== undefined && title !== task
  return tells || externalId === nameOf(job) ? undefined : externalId
}

/** The name and what tells it apart, where both are said in one breath. */
export function fullNameOf(job: JobSummary): string {
  return [nameOf(job), apartText(job)].filter(Boolean).join(' ')
}

/** Why nothing can be asked of a job here, if another engine runs it. */
export function elsewhereText({ mode, status }: JobSummary): string | undefined {
  if (mode !== 'mirrored') return undefined
  if (status === 'lost') return 'Another system runs this job, and is not heard any more.'
  return hasEnded(status)
    ? 'Another system ran this job and said how it went.'
    : 'Another system runs this job and says how it goes.'
}

/** What an event of the log was, for a person. */
export function eventText({ kind, wish }: Pick<JobEvent, 'kind' | 'wish'>): string {
  if (kind === 'wished') return wish ? `${verbText(wish)} asked` : 'Wish changed'
  return kind.replaceAll('_', ' ')
}

export function countText(number: number, one: string, many: string): string {
  return count(number, { one, other: many })
}
