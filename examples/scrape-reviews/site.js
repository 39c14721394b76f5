// A small shop whose reviews are scraped: static pages, of which one fails the first time, and one never answers.
//
//   GET /kettle/1 … /kettle/6   pages of reviews. 3 answers 503 when it is asked for the first time; 5 never answers
//
// Environment: PORT (8461). `createSite` is for tests; its `asked` counts the requests of each page.

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')

const FAILS_FIRST = '/kettle/3'
const NEVER_ANSWERS = '/kettle/5'

function createSite() {
  const asked = new Map()
  const server = http.createServer((request, response) => {
    const { url } = request
    const page = /^\/kettle\/([1-6])$/.exec(url)?.[1]
    asked.set(url, (asked.get(url) ?? 0) + 1)
    if (url === NEVER_ANSWERS) return
    if (!page) return response.writeHead(404).end('There is no such page')
    if (url === FAILS_FIRST && asked.get(url) === 1) return response.writeHead(503).end('Come again')
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
    fs.createReadStream(path.join(__dirname, 'site', `kettle-${page}.html`)).pipe(response)
  })
  return Object.assign(server, { asked })
}

module.exports = { createSite }

if (require.main === module) {
  const site = createSite().listen(Number(process.env.PORT ?? '8461'), '127.0.0.1', () =>
    console.log(`listening on http://127.0.0.1:${site.address().port}/kettle/1`),
  )
}
