/** The signs of the monitor, drawn with one stroke on a grid of 16. They say nothing to a screen reader: a word stands beside each. */
import { h, type VNode } from 'vue'
import type { RunStatus } from './run.js'

const PATHS = {
  chip: 'M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  close: 'M4 4l8 8M12 4l-8 8',
  stop: 'M4 4h8v8h-8z',
  spinner: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  check: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M5.5 8.2l1.8 1.8l3.2-3.6',
  cross: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M6 6l4 4M10 6l-4 4',
  clock: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M8 5v3.2l2 1.3',
  slash: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11M4.2 4.2l7.6 7.6',
}

export type Sign = keyof typeof PATHS

export function sign(name: Sign): VNode {
  const shape = h('path', { d: PATHS[name] })
  return h('svg', { class: ['tr-sign', `tr-sign-${name}`], viewBox: '0 0 16 16', 'aria-hidden': 'true' }, [shape])
}

const OF_STATUS: Record<RunStatus, Sign> = {
  DELAYED: 'clock',
  QUEUED: 'clock',
  EXECUTING: 'spinner',
  FROZEN: 'clock',
  REATTEMPTING: 'spinner',
  COMPLETED: 'check',
  FAILED: 'cross',
  CANCELED: 'slash',
  TIMED_OUT: 'cross',
  CRASHED: 'cross',
}

export function signOfRun(status: RunStatus): Sign {
  return OF_STATUS[status]
}

/** The five tones of a status: what it means, as a colour. */
export type Tone = 'primary' | 'warning' | 'success' | 'error' | 'neutral'

const TONES: Record<RunStatus, Tone> = {
  DELAYED: 'neutral',
  QUEUED: 'warning',
  EXECUTING: 'primary',
  FROZEN: 'neutral',
  REATTEMPTING: 'warning',
  COMPLETED: 'success',
  FAILED: 'error',
  CANCELED: 'neutral',
  TIMED_OUT: 'error',
  CRASHED: 'error',
}

export function toneOf(status: RunStatus): Tone {
  return TONES[status]
}
