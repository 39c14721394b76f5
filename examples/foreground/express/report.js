// The slow work of this app. Knows nothing of jobs: who calls it passes `step`, which is awaited before each row.

/** Adds up `rows` orders, `delayMs` apart. Answers `{rows, cents}`; `step` gets `{current, total, message}`. */
export async function buildReport({ rows, delayMs }, step) {
  let cents = 0
  for (let row = 1; row <= rows; row += 1) {
    await step({ current: row, total: rows, message: `order ${row}` })
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    cents += row * 100
  }
  return { rows, cents }
}
