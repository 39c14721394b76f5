/**
 * The signs of statuses and verbs, drawn on a grid of 16 with one stroke, the same as those of the dashboard. They say nothing to a
 * screen reader: a word stands beside each.
 * Collaborators: chips, verb buttons, the tray.
 */
import { mark } from './drawing.js'

const TURN_BACK = 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3'
const BARS = 'M5.5 3.5v9M10.5 3.5v9'
const EYE = 'M2 8s2.2-4 6-4s6 4 6 4s-2.2 4-6 4s-6-4-6-4'
const CROSS = 'M4 4l8 8M12 4l-8 8'

const PATHS: Record<string, string> = {
  scheduled: 'M3 4.5h10v9H3zM3 7.5h10M5.5 2.5v3M10.5 2.5v3',
  pending: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3',
  running: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  paused: BARS,
  waiting: 'M4 2.5h8M4 13.5h8M5 2.5c0 4 6 3.5 6 5.5s-6 1.5-6 5.5M11 2.5c0 4-6 3.5-6 5.5s6 1.5 6 5.5',
  retrying: TURN_BACK,
  completed: 'M3 8.5l3.5 3.5L13 4.5',
  failed: CROSS,
  aborted: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M4.2 4.2l7.6 7.6',
  timed_out: 'M8 3.5a5 5 0 1 1 0 10a5 5 0 0 1 0-10M8 6v3M6.5 1.5h3M12 3.5l1 1',
  lost: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.6v.4',
  unknown: 'M8 7.5v5M8 4v.5',
  pause: BARS,
  resume: 'M5 3.5l7.5 4.5L5 12.5z',
  abort: 'M4 4h8v8H4z',
  kill: 'M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5zM6.2 6.2l3.6 3.6M9.8 6.2l-3.6 3.6',
  retry: TURN_BACK,
  rerun: 'M3 8a5 5 0 0 1 9-3M13 2.5V5.5h-3M13 8a5 5 0 0 1-9 3M3 13.5V10.5h3',
  'run-now': 'M9 2L4 9h4l-1 5l5-7H8z',
  delete: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9',
  close: CROSS,
  hide: `${EYE}M3 13L13 3`,
  unhide: `${EYE}M8 6.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 0 1 0-3`,
  minimise: 'M4 6l4 4l4-4',
  jobs: 'M2.5 4h11M2.5 8h7M2.5 12h4M11 12l1.3 1.3l2.2-2.8',
}

const SVG = 'http://www.w3.org/2000/svg'

export class Icon {
  readonly root = document.createElementNS(SVG, 'svg')
  private readonly path = document.createElementNS(SVG, 'path')

  constructor(name: string) {
    mark(this.root, 'viewBox', '0 0 16 16')
    mark(this.root, 'aria-hidden', 'true')
    this.root.append(this.path)
    this.draw(name)
  }

  draw(name: string): void {
    mark(this.root, 'class', `icon icon-${name}`)
    mark(this.path, 'd', PATHS[name] ?? PATHS.unknown)
  }
}

export function icon(name: string): SVGSVGElement {
  return new Icon(name).root
}
