/**
 * How values read on this page: the words of the client, and those that only the page needs.
 * Collaborators: every component that shows text. No markup here.
 */
import type { JobEvent } from '@tidings/client'
import { countText as count, english, verbText } from '@tidings/client/words'

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

/** What an event of the log was, for a person. */
export function eventText({ kind, wish }: Pick<JobEvent, 'kind' | 'wish'>): string {
  if (kind === 'wished') return wish ? `${verbText(wish)} asked` : 'Wish changed'
  return kind.replaceAll('_', ' ')
}

export function countText(number: number, one: string, many: string): string {
  return count(number, { one, other: many })
}
