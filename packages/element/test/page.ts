/** A page of elements over one fake client, and what a person sees of them. */
import { afterEach, beforeEach } from 'vitest'
import { setClient, setTexts } from '../src/index.js'
import { drawn, FakeClient } from './fake-client.js'

export let fake: FakeClient

/** Each test of a file has a page of its own. */
export function freshPage(): void {
  beforeEach(() => {
    fake = new FakeClient()
    setClient(fake.client)
  })
  afterEach(() => {
    document.body.replaceChildren()
    setTexts({})
  })
}

export async function put<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string> = {},
): Promise<HTMLElementTagNameMap[Name]> {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  document.body.append(element)
  await drawn()
  return element
}

export function inside(element: Element): ShadowRoot {
  return element.shadowRoot as ShadowRoot
}

/** What is shown of a selector; what is hidden does not count. */
export function all(element: Element, selector: string): HTMLElement[] {
  return [...inside(element).querySelectorAll<HTMLElement>(selector)].filter((each) => !each.closest('[hidden]'))
}

export function one(element: Element, selector: string): HTMLElement {
  const [found] = all(element, selector)
  if (!found) throw new Error(`Nothing shown is ${selector}.`)
  return found
}

export function text(element: Element, selector: string): string[] {
  return all(element, selector).map((each) => each.textContent ?? '')
}

/** Gathers the details of the events of this name. */
export function heard<Detail>(name: string): Detail[] {
  const details: Detail[] = []
  document.addEventListener(name, (event) => details.push((event as CustomEvent<Detail>).detail))
  return details
}
