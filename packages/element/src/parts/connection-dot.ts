/** Whether what is shown is true now: a dot with words on hover and for screen readers, and a way to try again when it is not. */
import type { ConnectionState } from '@tidings/client'
import { connectionText } from '@tidings/client/words'
import { make, makeButton, mark, type Part, say, show } from '../drawing.js'
import type { Scene } from '../scene.js'

export class ConnectionDot implements Part<ConnectionState> {
  readonly root = make('span', 'connection')
  private readonly dot = make('span', 'dot')
  private readonly words = make('span', 'connection-words')
  private readonly again: HTMLButtonElement

  constructor(private readonly scene: Scene) {
    mark(this.dot, 'part', 'dot')
    this.again = makeButton('link', () => scene.client.reconnect())
    this.root.append(this.dot, this.words, this.again)
  }

  draw(state: ConnectionState): void {
    const { words, now } = this.scene
    const text = connectionText(state, now, words)
    const resting = state.state === 'offline' || state.state === 'stopped'
    mark(this.root, 'data-state', state.state)
    mark(this.root, 'title', text)
    say(this.words, text)
    // In good times the dot is enough for the eye.
    mark(this.words, 'class', resting ? 'connection-words' : 'connection-words only-said')
    say(this.again, words.tryNow)
    show(this.again, resting)
  }
}
