/**
 * What the elements tell the page: names and details of their events. All bubble and leave the shadow tree.
 * Collaborators: elements send them, apps listen.
 */
import type { JobSummary, Verb } from '@tidings/client'

/** What can be refused. */
export type Asked = Verb | 'submit' | 'list'

export interface TidingsEventDetails {
  /** A `<tidings-button>` has started a job. */
  'tidings-started': { job: JobSummary }
  /** A job of a jobs page, or the one that a button, a progress or a job element shows, has ended while it was shown. */
  'tidings-settled': { job: JobSummary }
  /** A verb, a start (`submit`), or a look at older jobs (`list`) was refused. `problem` is a `TidingsProblem` when the server, or the way to it, said so. */
  'tidings-refused': { verb: Asked; job?: JobSummary; problem: unknown }
  /** Somebody wants to see what a job made. Cancel it to navigate in the app's own way; else the browser follows the link. */
  'tidings-view': { job: JobSummary; link: string }
  /** A tray was opened or closed; or, from a tray button, is about to be: cancel it to do something else instead. */
  'tidings-toggle': { open: boolean }
}

export type TidingsEventName = keyof TidingsEventDetails

declare global {
  interface HTMLElementEventMap extends TidingsEventMap {}
  interface DocumentEventMap extends TidingsEventMap {}
}

/** The events as `addEventListener` knows them. */
export type TidingsEventMap = { [Name in TidingsEventName]: CustomEvent<TidingsEventDetails[Name]> }

/** Answers whether nobody cancelled it. */
export function tell<Name extends TidingsEventName>(
  element: EventTarget,
  name: Name,
  detail: TidingsEventDetails[Name],
): boolean {
  return element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }))
}
