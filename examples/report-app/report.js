// The work of the app: statistics over the CSV files of a folder, written as a CSV of its own. Knows nothing of jobs; who
// calls it passes `step`, which is awaited before each row and may stand still or throw.

const fs = require('node:fs/promises')
const path = require('node:path')

const GROUPS = ['region', 'product', 'month']

/**
 * Reads all `*.csv` of `folder` (date, region, product, quantity, unit_price_cents) and writes `file`.
 * `{files, rows, groups: [{name, sales, quantity, cents, median}], cents}`; `median` is that of one sale, in cents.
 */
async function buildReport({ folder, groupBy, file, step }) {
  if (!GROUPS.includes(groupBy)) throw new Error(`groupBy is one of ${GROUPS.join(', ')}`)
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith('.csv')).sort()
  const sales = []
  for (const name of names) {
    const [head, ...lines] = (await fs.readFile(path.join(folder, name), 'utf8')).trimEnd().split(/\r?\n/)
    const columns = head.split(',')
    for (const [index, line] of lines.entries()) {
      const cells = line.split(',')
      if (cells.length !== columns.length) throw new Error(`${name}:${index + 2}: ${cells.length} cells for ${columns.length} columns`)
      sales.push({ name, ...Object.fromEntries(columns.map((column, at) => [column, cells[at]])) })
    }
  }

  const groups = new Map()
  for (const [index, sale] of sales.entries()) {
    await step({ current: index + 1, total: sales.length, message: sale.name })
    const key = groupBy === 'month' ? sale.date.slice(0, 7) : sale[groupBy]
    const group = groups.get(key) ?? { name: key, sales: 0, quantity: 0, cents: 0, amounts: [] }
    const cents = Number(sale.quantity) * Number(sale.unit_price_cents)
    group.sales += 1
    group.quantity += Number(sale.quantity)
    group.cents += cents
    group.amounts.push(cents)
    groups.set(key, group)
  }

  const summary = [...groups.values()]
    .map(({ amounts, ...group }) => ({ ...group, median: medianOf(amounts) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  await fs.mkdir(path.dirname(file), { recursive: true })
  const lines = summary.map(({ name, sales, quantity, cents, median }) => [name, sales, quantity, cents, median].join(','))
  await fs.writeFile(`${file}.part`, `${[`${groupBy},sales,quantity,cents,median_cents`, ...lines].join('\n')}\n`)
  await fs.rename(`${file}.part`, file)
  return { files: names.length, rows: sales.length, groups: summary, cents: summary.reduce((sum, { cents }) => sum + cents, 0) }
}

function medianOf(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : Math.round((sorted[middle - 1] + sorted[middle]) / 2)
}

module.exports = { buildReport, GROUPS }
