/**
 * The elements as React 19 knows them in JSX. Only types: `import '@tidings/element/jsx'` once, in a project that has React's types.
 * Collaborators: the elements. React sets what is a property of an element as a property, and listens with `on` and the event's name.
 */
import type { HTMLAttributes, Ref } from 'react'
import type { TidingsEventMap } from './events.js'
import type {
  TidingsButton,
  TidingsJob,
  TidingsJobs,
  TidingsProgress,
  TidingsToasts,
  TidingsTray,
  TidingsTrayButton,
} from './index.js'

type Listeners = { [Name in keyof TidingsEventMap as `on${Name}`]?: (event: TidingsEventMap[Name]) => void }

type Source = 'session' | 'subject-type' | 'subject-id' | 'batch' | 'root' | 'tag' | 'task' | 'owner' | 'verbs'

type Props<Element extends { texts?: unknown; client?: unknown }, Name extends string, Flag extends string = never> = {
  [Key in Name | Source]?: string | number
} & { [Key in Flag]?: boolean } & { ref?: Ref<Element>; client?: Element['client']; texts?: Element['texts'] } & Omit<
    HTMLAttributes<Element>,
    Name | Source | Flag
  > &
  Listeners

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'tidings-button': Omit<
        Props<TidingsButton, 'job-title' | 'link' | 'tags', 'disabled' | 'leave-tracked'>,
        'input'
      > & {
        input?: unknown
      }
      'tidings-job': Props<TidingsJob, 'job', 'leave-tracked'>
      'tidings-jobs': Props<TidingsJobs, 'filter' | 'limit', 'tenant'>
      'tidings-progress': Props<TidingsProgress, 'job'>
      'tidings-toasts': Props<TidingsToasts, 'stay' | 'most', 'tenant'>
      'tidings-tray': Props<TidingsTray, 'limit', 'open' | 'docked' | 'tenant' | 'leave-tracked'>
      'tidings-tray-button': Props<TidingsTrayButton, 'for', 'tenant'>
    }
  }
}
