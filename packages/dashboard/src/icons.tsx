/**
 * The signs of the page, drawn on a grid of 16 with one stroke. They say nothing to a screen reader: a word stands beside each.
 * Collaborators: status chip, verb buttons, header.
 */

const PATHS: Record<string, string> = {
  scheduled: 'M3 4.5h10v9H3zM3 7.5h10M5.5 2.5v3M10.5 2.5v3',
  pending: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3',
  running: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  paused: 'M5.5 3.5v9M10.5 3.5v9',
  waiting: 'M4 2.5h8M4 13.5h8M5 2.5c0 4 6 3.5 6 5.5s-6 1.5-6 5.5M11 2.5c0 4-6 3.5-6 5.5s6 1.5 6 5.5',
  retrying: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  completed: 'M3 8.5l3.5 3.5L13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  aborted: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M4.2 4.2l7.6 7.6',
  timed_out: 'M8 3.5a5 5 0 1 1 0 10a5 5 0 0 1 0-10M8 6v3M6.5 1.5h3M12 3.5l1 1',
  lost: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.6v.4',
  unknown: 'M8 7.5v5M8 4v.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  resume: 'M5 3.5l7.5 4.5L5 12.5z',
  abort: 'M4 4h8v8H4z',
  kill: 'M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5zM6.2 6.2l3.6 3.6M9.8 6.2l-3.6 3.6',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  rerun: 'M3 8a5 5 0 0 1 9-3M13 2.5V5.5h-3M13 8a5 5 0 0 1-9 3M3 13.5V10.5h3',
  'run-now': 'M9 2L4 9h4l-1 5l5-7H8z',
  delete: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9M10.3 10.3l3.2 3.2',
  back: 'M9.5 3.5L5 8l4.5 4.5',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  up: 'M8 13V3.5M4 7.5l4-4l4 4',
  down: 'M8 3v9.5M4 8.5l4 4l4-4',
  link: 'M9.5 3h3.5v3.5M13 3L7.5 8.5M11 9.5V13H3V5h3.5',
}

export function Icon({ name }: { name: string }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? PATHS.unknown} />
    </svg>
  )
}
