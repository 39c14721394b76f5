/** A status as sign and word; its colour comes from `data-status` in the style sheet. */
import { signOf, statusText } from '@tidings/client/words'
import { make, mark, type Part, say } from '../drawing.js'
import { Icon } from '../icons.js'
import type { Scene } from '../scene.js'

export class StatusChip implements Part<string> {
  readonly root = make('span', 'chip')
  private readonly sign = new Icon('unknown')
  private readonly word = make('span')

  constructor(private readonly scene: Scene) {
    mark(this.root, 'part', 'status')
    this.root.append(this.sign.root, this.word)
  }

  draw(status: string): void {
    mark(this.root, 'data-status', status)
    this.sign.draw(signOf(status))
    say(this.word, statusText(status, this.scene.words))
  }
}
