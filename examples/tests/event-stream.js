// Server-sent events as a browser reads them: the app's own stream, and the one of Tidings that a page which comes back follows.

const { EventEmitter } = require('node:events')
const { until } = require('./deadline.js')

/** Opens a stream; `request` as for fetch. `events` grows as `{event, data}`; `leave` goes away as a closed tab does; `ended` resolves with the last byte. */
async function openStream(url, { headers, ...request } = {}) {
  const gone = new AbortController()
  const response = await fetch(url, { ...request, signal: gone.signal, headers: { Accept: 'text/event-stream', ...headers } })
  const news = new EventEmitter()
  const stream = {
    response,
    events: [],
    isOver: false,
    leave: () => gone.abort(),
    until: (what, look, withinMs) => until(what, () => look(stream.events) , news, withinMs, 'event'),
  }
  stream.ended = read(response.body, (event, data) => {
    stream.events.push({ event, data })
    news.emit('event')
  }).finally(() => {
    stream.isOver = true
    news.emit('event')
  })
  stream.ended.catch(() => {})
  return stream
}

async function read(body, heard) {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop()
    for (const block of blocks) {
      const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1]
      const data = field('data')
      if (data !== undefined) heard(field('event') ?? 'message', JSON.parse(data))
    }
  }
}

/** The newest job of a session as a page that comes back sees it. `until` waits until it is as `look` wants it, and answers it. */
const followSession = (tidings, session) => follow(tidings, { session })

/** The newest job of any topic. */
async function follow(tidings, topic, headers) {
  const stream = await openStream(`${tidings}/api/v1/live/events?topic=${encodeURIComponent(JSON.stringify(topic))}`, { headers })
  const job = () => {
    let job
    for (const { event, data } of stream.events) {
      if (event === 'snapshot') job = data.jobs[0] ?? job
      if (event === 'update' && data.job.rev >= (job?.rev ?? 0)) job = data.job
      if (event === 'progress' && data.rev === job?.rev) job = { ...job, progress: data.progress }
    }
    return job
  }
  const look = (wanted) => () => {
    const now = job()
    return now && wanted(now) ? now : undefined
  }
  return { until: (what, wanted, withinMs) => stream.until(what, look(wanted), withinMs), leave: stream.leave }
}

module.exports = { openStream, follow, followSession }
