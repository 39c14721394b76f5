/** Several tabs of one browser that look at the same. */
import { FakeBrowser } from './browser.js'
import { type FakeSocket, live, World } from './world.js'

const tenant = { tenant: true } as const

export function topicsOf(socket: FakeSocket): unknown[] {
  return socket.subscribes().map((frame) => frame.topic)
}

/** Opens tabs that look at everything; the first leads. */
export async function tabs(count: number): Promise<{ browser: FakeBrowser; worlds: World[] }> {
  const browser = new FakeBrowser()
  const worlds: World[] = []
  for (let n = 0; n < count; n++) {
    const world = new World({ browser })
    worlds.push(world)
    world.client.jobs(tenant).subscribe(() => {})
    if (n === 0) await world.open()
    await world.settle()
  }
  return { browser, worlds }
}

/** Answers each subscription of a socket that has no state yet. */
export function join(socket: FakeSocket, jobs: object[], position: string): void {
  for (const { id, after } of socket.subscribes()) {
    if (after === undefined) socket.say({ type: 'snapshot', id, jobs })
    socket.say(live(id as number, position, after !== undefined))
  }
}
