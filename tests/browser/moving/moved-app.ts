/**
 * An app that has moved: its users have its session cookie or its tokens, its backend makes jobs with a key and names whose they are, and its own
 * origin passes the older paths on.
 */
import { createHash } from 'node:crypto'
import type { Browser, BrowserContext } from '@playwright/test'
import { App } from '../app.js'
import { SECRET, Server, type Tracked } from '../server.js'

const KEY = 'tdk_26ajn8k74ve80gyhgng66efchh19s7pf7qj0ymm1'

/** What a backend says of a job that it makes for somebody. */
export interface Made {
  owner: string
  task: string
  title?: string
  session?: string
  tags?: string[]
  input?: unknown
}

export class MovedApp {
  private constructor(
    readonly app: App,
    readonly server: Server,
  ) {}

  /** `tasks`: what `tidings.toml` has beside its access. */
  static async start(tasks = ''): Promise<MovedApp> {
    const app = await App.before('', SECRET)
    const server = await Server.with(`[access]
jwt = { algorithm = "HS256", secret_file = "secret" }
introspect = "${app.url}/whoami"
introspect_cookies = ["sid"]
private_hosts = ["127.0.0.1"]

[[access.keys]]
name = "backend"
sha256 = "${createHash('sha256').update(KEY).digest('hex')}"
scopes = ["jobs:submit", "jobs:report"]

${tasks}`)
    app.backend = server.url
    return new MovedApp(app, server)
  }

  async end(): Promise<void> {
    this.app.close()
    await this.server.remove()
  }

  /** A browser in which somebody is signed in. */
  async browserOf(user: string, browser: Browser): Promise<BrowserContext> {
    const context = await browser.newContext()
    await context.addCookies([{ name: 'sid', value: user, url: this.app.url }])
    return context
  }

  /** A job that the backend works on itself; what the test says of it, it reports. */
  track(made: Made): Promise<Tracked> {
    return this.server.track(made, KEY)
  }

  /** A job that the server runs. */
  submit(made: Made): Promise<{ id: string }> {
    return this.server.submit(made, KEY)
  }
}
