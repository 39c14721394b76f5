// The work of this app: turns the understanding of a strategy into a program. It knows nothing of jobs, only that it may be told to stop.

import { setTimeout as pass } from 'node:timers/promises'

const UNDERSTANDINGS = { 'coffee-shop': 'Coffee shop', 'bike-rental': 'Bike rental' }
const STAGES = ['Extracting tasks', 'Generating resources', 'Planning the timeline', 'Weighing risks']
const STEPS_PER_STAGE = 5

let lastProgram = 0

/** `stepMs`: how long one of its twenty steps takes, in milliseconds. */
export function createEpmSynthesizer({ stepMs }) {
  return {
    /** `onProgress(percentage, message)` is waited for. Rejects with the signal's reason when it is aborted. */
    async synthesizeProgram(understandingId, sessionId, userId, { onProgress, signal }) {
      const steps = STAGES.length * STEPS_PER_STAGE
      for (let step = 0; step < steps; step++) {
        await onProgress(Math.floor((100 * step) / steps), `${STAGES[Math.floor(step / STEPS_PER_STAGE)]}...`)
        const name = UNDERSTANDINGS[understandingId]
        if (step === 2 && !name) throw new Error(`there is no understanding ${understandingId}`)
        await pass(stepMs, undefined, { signal }).catch((error) => {
          signal?.throwIfAborted()
          throw error
        })
      }
      lastProgram += 1
      return { programId: `program-${lastProgram}`, summary: `${UNDERSTANDINGS[understandingId]}: 12 tasks, 4 resources, for ${userId}` }
    },
  }
}
