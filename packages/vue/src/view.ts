/**
 * A view of the client in a component or a store.
 * Collaborators: every composable that shows something. On a server, where nothing is ever mounted, nothing is followed.
 */
import type { View } from '@tidings/client'
import { effectScope, getCurrentInstance, onMounted, type ShallowRef, shallowRef, watch } from 'vue'

/** Runs `begin` on a page, and what it returns at the end of the scope. In a component it waits for the page to hold it. */
export function onPage(begin: () => void): void {
  const scope = effectScope()
  const run = () => void scope.run(begin)
  if (getCurrentInstance()) onMounted(run)
  else if (typeof window !== 'undefined') run()
}

/**
 * Follows what the getter names, anew when it names another view; nothing when it answers undefined. It begins with `empty`, as a server
 * renders it.
 */
export function useView<Value>(named: () => View<Value> | undefined, empty: Value): Readonly<ShallowRef<Value>> {
  const shown = shallowRef(empty)
  onPage(() =>
    watch(
      named,
      (view, _, onCleanup) => {
        const show = () => {
          shown.value = view ? view.getSnapshot() : empty
        }
        if (view) onCleanup(view.subscribe(show))
        show()
      },
      { immediate: true },
    ),
  )
  return shown
}
