/** What is begun on a page and ended with the scope that began it. Nothing is begun on a server. */
import { getCurrentInstance, getCurrentScope, onMounted, onScopeDispose } from 'vue'

/**
 * In a component it waits until the page holds it, so that hydration begins as the server rendered; in a store or a plugin it begins at
 * once. Returns what ends it sooner.
 */
export function whileShown(begin: () => () => void): () => void {
  let end: (() => void) | undefined
  let over = false
  const stop = () => {
    over = true
    end?.()
    end = undefined
  }
  const start = () => {
    if (!over && !end) end = begin()
  }
  const instance = getCurrentInstance()
  if (instance && !instance.isMounted) onMounted(start)
  else if (typeof window !== 'undefined') start()
  if (getCurrentScope()) onScopeDispose(stop)
  return stop
}
