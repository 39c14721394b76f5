/**
 * Makes nodes, and changes only what differs from what is there: a page that draws sixty times a second touches few of them.
 * Collaborators: every part. It refuses markup as text: whatever comes from a job is put in as text.
 */

type Child = Node | string

/** An element with a class and children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...children)
  return element
}

/** A button that submits nothing. */
export function makeButton(className: string, press: (event: MouseEvent) => void, ...children: Child[]) {
  const button = make('button', className, ...children)
  button.type = 'button'
  button.addEventListener('click', press)
  return button
}

export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Undefined and false take the attribute away, true sets it empty. */
export function mark(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : String(value)
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

export function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown
}

/** Says a text and hides the element when there is none. */
export function sayIfAny(element: HTMLElement, text: string | undefined): void {
  say(element, text ?? '')
  show(element, !!text)
}

export function focusedIn(root: Node): HTMLElement | undefined {
  const tree = root.getRootNode() as Document | ShadowRoot
  const focused = tree.activeElement
  return focused && root.contains(focused) ? (focused as HTMLElement) : undefined
}

/** Something that is on the page and shows one value. */
export interface Part<Value> {
  readonly root: HTMLElement
  draw(value: Value): void
}

/** One part that is there only while it has a value: with its nodes goes everything that they said. */
export class OptionalPart<Value> {
  private part: Part<Value> | undefined

  constructor(
    private readonly parent: HTMLElement,
    private readonly makePart: () => Part<Value>,
  ) {}

  get root(): HTMLElement | undefined {
    return this.part?.root
  }

  draw(value: Value | undefined): void {
    if (value === undefined) {
      this.part?.root.remove()
      this.part = undefined
      return
    }
    if (!this.part) {
      this.part = this.makePart()
      this.parent.append(this.part.root)
    }
    this.part.draw(value)
  }
}

/**
 * One part per key, in the order of the values. A part is kept as long as its key is there, and moved only when its place changed. When the
 * part that has the focus goes, the focus goes to the one that takes its place.
 */
export class KeyedParts<Value> {
  private readonly parts = new Map<string, Part<Value>>()

  constructor(
    private readonly parent: HTMLElement,
    private readonly keyOf: (value: Value) => string,
    private readonly makePart: (value: Value) => Part<Value>,
  ) {}

  get size(): number {
    return this.parts.size
  }

  draw(values: readonly Value[]): void {
    const keys = new Set(values.map(this.keyOf))
    const orphan = this.removeAllBut(keys)
    let next = this.parent.firstElementChild
    for (const value of values) {
      const part = this.partFor(value)
      if (part.root === next) next = next.nextElementSibling
      else this.parent.insertBefore(part.root, next)
      part.draw(value)
    }
    if (orphan !== undefined) this.adoptFocus(orphan)
  }

  private partFor(value: Value): Part<Value> {
    const key = this.keyOf(value)
    let part = this.parts.get(key)
    if (!part) {
      part = this.makePart(value)
      this.parts.set(key, part)
    }
    return part
  }

  /** The place of the part that had the focus and went. */
  private removeAllBut(keys: ReadonlySet<string>): number | undefined {
    let orphan: number | undefined
    for (const [key, part] of this.parts) {
      if (keys.has(key)) continue
      if (focusedIn(part.root)) orphan = [...this.parent.children].indexOf(part.root)
      part.root.remove()
      this.parts.delete(key)
    }
    return orphan
  }

  private adoptFocus(place: number): void {
    const heir = this.parent.children[Math.min(place, this.parent.children.length - 1)] ?? this.parent
    const within = heir.matches('button, a') ? heir : heir.querySelector('a[href], button')
    const target = (within ?? this.parent) as HTMLElement
    if (target === this.parent) mark(target, 'tabindex', -1)
    target.focus({ preventScroll: true })
  }
}
