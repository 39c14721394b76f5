/** A server of the test's own: the real binary, in a folder of its own, on a free port; killed and started again at will. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const binary = process.env.TIDINGS_BIN ?? join(root, 'target/debug/tidings')

/** Signs the tokens of the users where access is closed. */
export const SECRET = 'a secret of at least thirty-two bytes'

export class Server {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  #config = join(root, 'examples/tidings.toml')
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

  /** With access control: users bring a token that is signed with `SECRET`. */
  static closed(): Promise<Server> {
    const access = '[access]\njwt = { algorithm = "HS256", secret_file = "secret" }\n'
    return Server.with(`${access}\n[tasks.report]\nmode = "tracked"\n`)
  }

  /** With this configuration; beside it lies the file `secret`, which holds `SECRET`. */
  static async with(config: string): Promise<Server> {
    const server = new Server(await freePort())
    writeFileSync(join(server.#folder, 'secret'), SECRET)
    server.#config = join(server.#folder, 'tidings.toml')
    writeFileSync(server.#config, config)
    await server.startAgain()
    return server
  }

  async startAgain(): Promise<void> {
    this.#process = spawn(
      binary,
      ['serve', '--config', this.#config, '--listen', `127.0.0.1:${this.#port}`, '--data', join(this.#folder, 'data')],
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

  async submit(body: unknown, token?: string): Promise<Submitted> {
    return (await this.#post('', body, token && { authorization: `Bearer ${token}` })) as Submitted
  }

  /** Nothing runs on after a test that looked away. */
  async abortAll(): Promise<void> {
    const { jobs } = (await (await fetch(`${this.url}/api/v1/jobs?status=active`)).json()) as { jobs: Submitted[] }
    for (const { id } of jobs) await this.#post(`/${id}/abort`, {}, undefined).catch(() => {})
  }

  /** Jobs that the test works on itself, by title or with more to say of them; a word ends each. */
  async track(what: string | object, token?: string): Promise<Tracked> {
    const more = typeof what === 'string' ? { title: what } : what
    const { id, lease } = await this.submit({ task: 'report', mode: 'tracked', ...more }, token)
    const report = (path: string, body: object) =>
      this.#post(`/${id}/${path}`, body, {
        'tidings-lease': lease?.token ?? '',
        ...(token && { authorization: `Bearer ${token}` }),
      })
    return {
      id,
      progress: (percentage, message) => report('progress', { percentage, message }) as Promise<Reported>,
      complete: (result = null) => report('complete', { result }),
      acknowledge: async () => {
        const { wish } = (await report('heartbeat', {})) as Reported
        return report('progress', { acknowledge: wish.number })
      },
      fail: (message) => report('fail', { error: { kind: 'test', message }, retry: false }),
    }
  }

  async #post(path: string, body: unknown, headers: Record<string, string> | '' | undefined): Promise<unknown> {
    const answer = await fetch(`${this.url}/api/v1/jobs${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(headers || {}) },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }
}

interface Submitted {
  id: string
  lease?: { token: string }
}

export interface Tracked {
  id: string
  progress(percentage: number, message?: string): Promise<Reported>
  complete(result?: unknown): Promise<unknown>
  fail(message: string): Promise<unknown>
  /** Does what was asked of it. */
  acknowledge(): Promise<unknown>
}

/** What a report is answered with. */
export interface Reported {
  wish: { kind: string; number: number }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
