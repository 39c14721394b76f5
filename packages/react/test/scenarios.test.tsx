// @vitest-environment happy-dom
import { act, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { describe, test } from 'vitest'
import { Play, scenarios } from '../../client/test/scenarios.js'
import { screenOf } from './screen.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const library = { createRoot, act: async (happen: () => void | Promise<void>) => act(async () => happen()) }

describe('React', () => {
  test.each(scenarios)('%s', (_, run) => run(new Play(screenOf(library))))
})

describe('React in strict mode', () => {
  const strict = { ...library, within: (tree: React.ReactNode) => <StrictMode>{tree}</StrictMode> }
  test.each(scenarios)('%s', (_, run) => run(new Play(screenOf(strict))))
})
