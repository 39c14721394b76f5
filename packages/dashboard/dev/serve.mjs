/**
 * A server for working on the dashboard without the real one: serves `dist/` under the real policy and speaks the protocol with jobs
 * that change by themselves. Options: `--port 8431`, `--scenario busy|many|empty|locked`.
 * Collaborators: `jobs.mjs` invents the jobs, `live.mjs` speaks the frames.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Jobs } from './jobs.mjs'
import { serveLive } from './live.mjs'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8431' }, scenario: { type: 'string', default: 'busy' } },
})
const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'"
const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

const locked = values.scenario === 'locked'
const jobs = new Jobs(values.scenario)

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  if (url.pathname.startsWith('/api/v1/')) return answer(request, response, url)
  const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname)
  try {
    const body = await readFile(DIST + path)
    response.writeHead(200, {
      'content-type': KINDS[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    })
    response.end(body)
  } catch {
    response.writeHead(404).end()
  }
})

async function answer(request, response, url) {
  const path = url.pathname.slice('/api/v1'.length)
  const send = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
  const problem = (status, code, title, detail) => send(status, { type: 'about:blank', status, code, title, detail })
  if (locked && request.headers.authorization !== 'Bearer open sesame') {
    return problem(401, 'unauthenticated', 'You are not signed in.')
  }
  let text = ''
  for await (const chunk of request) text += chunk
  const [, id, part] = /^\/jobs\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? []
  if (path === '/me') return send(200, { subject: 'local', tenant: 'default', scopes: ['admin'], open: true })
  if (path === '/tasks') return send(200, { tasks: jobs.tasks() })
  if (path === '/stats') return send(200, jobs.stats())
  if (path === '/jobs' && request.method === 'POST') {
    const asked = JSON.parse(text)
    if (!jobs.hasTask(asked.task))
      return problem(422, 'unknown_task', 'There is no such task.', `No task is called ${asked.task}.`)
    return send(201, jobs.submit(asked))
  }
  if (path === '/jobs') return send(200, jobs.list(url.searchParams))
  if (path === '/jobs/actions') return send(200, jobs.clear(JSON.parse(text)))
  const job = jobs.get(id)
  if (!job) return problem(404, 'not_found', 'There is no such job.')
  if (!part && request.method === 'DELETE') {
    jobs.delete(id)
    return send(204)
  }
  if (!part) {
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(jobs.fullText(id))
  }
  if (part === 'events') return send(200, { events: jobs.events(id) })
  if (part === 'output') return send(200, jobs.output(id))
  const refusal = jobs.ask(id, part)
  if (refusal) return problem(409, 'not_allowed', `The job cannot be asked to ${part} now.`, `It is ${job.status}.`)
  return send(200, jobs.get(id))
}

serveLive(server, jobs, locked)
server.listen(Number(values.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${values.port}/`))
