/**
 * Which job a node shows, and as of when: for style sheets, and for the tests of an app.
 * Collaborators: rows and cards. What it marks is part of what the package promises.
 */
import type { ShownJob } from '@tidings/client'
import { mark } from '../drawing.js'

export function markJob(root: Element, { id, rev, status, asking }: ShownJob): void {
  mark(root, 'data-job', id)
  mark(root, 'data-rev', rev)
  mark(root, 'data-status', status)
  mark(root, 'data-asking', asking)
}
