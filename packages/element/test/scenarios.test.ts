// @vitest-environment happy-dom
import { afterEach, test } from 'vitest'
import { Play, scenarios } from '../../client/test/scenarios.js'
import { screenOf } from './screen.js'

afterEach(() => document.body.replaceChildren())

// All of them: there is none that an element could not play.
test.each(scenarios)('%s', { timeout: 30_000 }, (_, run) => run(new Play(screenOf('tidings-jobs'))))
