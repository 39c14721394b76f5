/**
 * Which rows of a long list are in sight, so that only they are drawn. Rows have one height.
 * Collaborators: job list, output view.
 */
import { useCallback, useEffect, useState } from 'react'

/** Rows drawn beyond each edge. */
const BEYOND = 8

export interface Place {
  /** Pixels that the box is scrolled by, rounded down to a step; 0 only at the very top. */
  top: number
  /** Pixels of the box in sight. */
  tall: number
}

/** The box as state, not as a ref: it may come later than the component. */
export function useScrollPlace(box: HTMLElement | null, height: number): Place {
  const [place, setPlace] = useState<Place>({ top: 0, tall: 900 })
  const measure = useCallback(() => {
    if (!box) return
    // A step of half the margin is soon enough: fewer drawings while scrolling.
    const step = (BEYOND / 2) * height
    const top = box.scrollTop <= 0 ? 0 : Math.max(1, Math.floor(box.scrollTop / step) * step)
    const tall = box.clientHeight
    setPlace((before) => (before.top === top && before.tall === tall ? before : { top, tall }))
  }, [box, height])
  useEffect(() => {
    if (!box) return
    const sizes = new ResizeObserver(measure)
    sizes.observe(box)
    box.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      sizes.disconnect()
      box.removeEventListener('scroll', measure)
    }
  }, [box, measure])
  return place
}

/** The first row to draw and one past the last. */
export function rowsInSight({ top, tall }: Place, count: number, height: number): [number, number] {
  const first = Math.max(0, Math.min(count, Math.floor(top / height) - BEYOND))
  const end = Math.min(count, Math.ceil((top + tall) / height) + BEYOND + BEYOND / 2)
  return [first, Math.max(first, end)]
}
