/** The live route of the invented server: whole snapshots, no history, so a resume is answered by `expired`. */
import { WebSocketServer } from 'ws'

const HEARTBEAT_MS = 5000

function fits(topic, job) {
  const [key, value] = Object.entries(topic)[0]
  if (key === 'tenant') return true
  if (key === 'job') return job.id === value
  if (key === 'task' || key === 'session') return job[key] === value
  if (key === 'owner') return job.owner === (value === 'me' ? 'local' : value)
  return key === 'tag' && job.tags.includes(value)
}

export function serveLive(server, jobs, locked) {
  const sockets = new WebSocketServer({ server, path: '/api/v1/live' })
  sockets.on('connection', (socket) => {
    const topics = new Map()
    const send = (frame) => socket.send(JSON.stringify(frame))
    const subsOf = (test) => [...topics].filter(([, topic]) => test(topic)).map(([id]) => id)
    const tell = (frame, test) => {
      const subs = subsOf(test)
      if (subs.length) send({ ...frame, subs })
    }
    const listeners = {
      update: (frame) => tell(frame, (topic) => fits(topic, frame.job)),
      left: (frame) => tell(frame, (topic) => topic.tenant || topic.job === frame.id),
      progress: (frame) => tell(frame, (topic) => fits(topic, jobs.get(frame.id))),
      output: (frame) => tell(frame, (topic) => topic.output === frame.id),
    }
    for (const [name, listener] of Object.entries(listeners)) jobs.on(name, listener)
    const stats = setInterval(() => tell({ type: 'stats', stats: jobs.stats() }, (topic) => topic.stats), 500)
    const tasks = setInterval(() => tell({ type: 'tasks', tasks: jobs.tasks() }, (topic) => topic.tasks), 1000)
    const heartbeat = setInterval(() => send({ type: 'heartbeat', position: jobs.at() }), HEARTBEAT_MS)
    socket.on('close', () => {
      clearInterval(stats)
      clearInterval(heartbeat)
      clearInterval(tasks)
      for (const [name, listener] of Object.entries(listeners)) jobs.off(name, listener)
    })
    const join = ({ id, topic, after }) => {
      const one = topic.job ?? topic.output
      if (one && !jobs.get(one)) return send({ type: 'error', id, code: 'not_found', message: 'There is no such job.' })
      const held = jobs.all().filter((job) => fits(topic, job))
      if (topic.output) send({ ...jobs.output(topic.output), type: 'output', subs: [id], id: topic.output })
      else if (topic.tasks) send({ type: 'tasks', subs: [id], tasks: jobs.tasks() })
      else if (topic.stats) send({ type: 'stats', subs: [id], stats: jobs.stats() })
      else send({ type: 'snapshot', id, jobs: held, more: false })
      topics.set(id, topic)
      send({
        type: 'live',
        id,
        position: jobs.at(),
        resumed: false,
        reason: after ? 'expired' : 'fresh',
        truncated: false,
      })
    }
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      if (frame.type === 'auth') {
        if (locked && frame.token !== 'open sesame') return socket.close(4200, 'unauthenticated')
        send({ type: 'authenticated', principal: { subject: 'local', tenant: 'default', scopes: ['admin'] } })
      } else if (frame.type === 'subscribe') join(frame)
      else if (frame.type === 'unsubscribe') {
        topics.delete(frame.id)
        send({ type: 'unsubscribed', id: frame.id })
      } else if (frame.type === 'ping') send({ type: 'pong' })
    })
    send({ type: 'hello', protocol: 1, epoch: jobs.epoch, heartbeatMs: HEARTBEAT_MS })
  })
}
