// The one place where the tests wait: for something that happens, with a deadline that says what was missing.

const DEADLINE_MS = 15_000

/**
 * Resolves with the first truthy value of `look`, which is asked again each time `source` emits one of `events`. A number among
 * the events is another deadline, in milliseconds.
 */
function until(what, look, source, ...given) {
  const events = given.filter((event) => typeof event === 'string')
  const deadlineMs = given.find((event) => typeof event === 'number') ?? DEADLINE_MS
  return new Promise((resolve, reject) => {
    const settle = (act, value) => {
      clearTimeout(timer)
      for (const event of events) source.off(event, check)
      act(value)
    }
    const timer = setTimeout(() => settle(reject, new Error(`still waiting for ${what}`)), deadlineMs)
    const check = () => {
      const value = look()
      if (value) settle(resolve, value)
    }
    for (const event of events) source.on(event, check)
    check()
  })
}

/** Long enough for several polls of a paused worker; used only to see that nothing happens. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 500))

module.exports = { until, quiet }
