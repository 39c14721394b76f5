/**
 * The style sheet of the monitor and its button, put into the document or the shadow tree that holds them: once, and without `style`
 * attributes, so that a strict policy for styles holds.
 */
import card from './monitor.css?raw'
import row from './monitor-row.css?raw'

const CSS = [row, card].join('\n')

let sheet: CSSStyleSheet | undefined
const styled = new WeakSet<Node>()

/** Dresses the tree that holds this element. */
export function wearSheet(element: Element): void {
  const root = element.getRootNode() as Document | ShadowRoot
  // A tree that is not on the page is no document.
  if (styled.has(root) || !root.getElementById) return
  styled.add(root)
  if (root.adoptedStyleSheets && typeof CSSStyleSheet.prototype.replaceSync === 'function') {
    if (!sheet) {
      sheet = new CSSStyleSheet()
      sheet.replaceSync(CSS)
    }
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
    return
  }
  const style = document.createElement('style')
  style.textContent = CSS
  ;('head' in root ? root.head : root).append(style)
}
