/** A server of the test's own: the real binary, in a folder of its own, on a free port; killed and started again at will. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const binary = process.env.TIDINGS_BIN ?? join(root, 'target/debug/tidings')

export class Server {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(port: number) {
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
    this.#folder = mkdtempSync(join(tmpdir(), 'tidings-browser-'))
  }

  static async start(): Promise<Server> {
    const server = new Server(await freePort())
    await server.startAgain()
    return server
  }

  async startAgain(): Promise<void> {
    this.#process = spawn(
      binary,
      [
        'serve',
        '--config',
        join(root, 'examples/tidings.toml'),
        '--listen',
        `127.0.0.1:${this.#port}`,
        '--data',
        join(this.#folder, 'data'),
      ],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    )
    for (let tries = 0; tries < 400; tries++) {
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined)
      if (ready?.ok) return
      await new Promise((then) => setTimeout(then, 50))
    }
    throw new Error('the server did not become ready')
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const process = this.#process
    if (!process || process.exitCode !== null) return
    process.kill('SIGKILL')
    await once(process, 'exit')
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async submit(body: unknown): Promise<{ id: string }> {
    const answer = await fetch(`${this.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return (await answer.json()) as { id: string }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
