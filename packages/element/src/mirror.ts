/**
 * Properties that stand for attributes, so that frameworks may set either.
 * Collaborators: each element class calls it once.
 */
import type { LiveElement } from './live-element.js'

/** `subjectType` for `subject-type`. */
function propertyOf(attribute: string): string {
  return attribute.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Gives a class one property for each of these attributes: text, or null when there is none. Those in `flags` are true or false, those in
 * `numbers` a number or null, and for those in `own` the class has its own.
 */
export function mirror(
  element: { prototype: LiveElement; mirrored: readonly string[]; observedAttributes?: readonly string[] },
  {
    texts = [],
    flags = [],
    numbers = [],
    own = [],
  }: Partial<Record<'texts' | 'flags' | 'numbers' | 'own', readonly string[]>>,
): void {
  const attributes = [...texts, ...flags, ...numbers]
  element.mirrored = [...attributes, ...own].map(propertyOf)
  element.observedAttributes = [...attributes, ...own, 'verbs']
  for (const name of attributes) {
    Object.defineProperty(element.prototype, propertyOf(name), {
      configurable: true,
      enumerable: true,
      get(this: LiveElement): string | boolean | number | null {
        if (flags.includes(name)) return this.hasAttribute(name)
        const value = this.getAttribute(name)
        return numbers.includes(name) && value !== null ? Number(value) : value
      },
      set(this: LiveElement, value: unknown) {
        if (value === null || value === undefined || value === false) this.removeAttribute(name)
        else this.setAttribute(name, value === true ? '' : String(value))
      },
    })
  }
}
