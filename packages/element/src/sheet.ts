/**
 * One style sheet for all elements, shared between their shadow trees where the browser can; else a `<style>` in each.
 * Collaborators: the base element. The sheets are taken as they are: a bundler that rewrote `light-dark()` for older browsers would break it. It refuses `style` attributes, so that a strict policy for styles holds.
 */
import controls from './styles/controls.css?raw'
import floating from './styles/floating.css?raw'
import jobs from './styles/jobs.css?raw'
import preferences from './styles/preferences.css?raw'
import tokens from './styles/tokens.css?raw'

const CSS = [tokens, controls, jobs, floating, preferences].join('\n')

let sheet: CSSStyleSheet | undefined

/** Puts the content into a shadow tree that wears the sheet. */
export function wearSheet(root: ShadowRoot, content: HTMLElement): void {
  if ('adoptedStyleSheets' in root && typeof CSSStyleSheet.prototype.replaceSync === 'function') {
    if (!sheet) {
      sheet = new CSSStyleSheet()
      sheet.replaceSync(CSS)
    }
    root.adoptedStyleSheets = [sheet]
    root.replaceChildren(content)
    return
  }
  const style = document.createElement('style')
  style.textContent = CSS
  root.replaceChildren(style, content)
}
