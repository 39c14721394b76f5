// What step_worker.py becomes on the channel `node-ipc`. The lock and the daemon are there already.
import { appendFileSync, existsSync } from 'node:fs'

const attempt = Number(process.env.TIDINGS_ATTEMPT)
const note = (file) => appendFileSync(file, `${attempt}\n`)
const poll = (what) => setInterval(what, 5)

process.on('message', (message) => {
  if (message.type === 'pause') process.send({ type: 'status', status: 'paused' })
  if (message.type === 'abort') note('terminated')
})
process.on('SIGTERM', () => note('terminated'))
note('up')

let spoke = false
let reported = false
if (attempt > 1) {
  console.log(`attempt ${attempt} went through`)
  process.send({ type: 'result', result: attempt }, () => process.exit(0))
} else {
  poll(() => {
    if (!spoke && existsSync('speak')) {
      spoke = true
      console.log('first words')
      process.send({ type: 'progress', progress: { percentage: 10, message: 'first words' } })
    }
    if (spoke && !reported && existsSync('finish')) {
      reported = true
      process.send({ type: 'result', result: attempt }, () => note('reported'))
    }
    if (spoke && !reported && existsSync('fail')) {
      reported = true
      process.send({ type: 'error', error: 'as told' }, () => note('reported'))
    }
    if (reported && existsSync('leave')) process.exit(0)
  })
}
