import { TidingsProvider } from '@tidings/react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { World } from '../../../client/test/world.js'
import { selectConnectionStatus, useTaskStore, useWebSocket } from '../src/index.js'

test('a server renders the empty store, and follows nothing', () => {
  expect(typeof document).toBe('undefined')
  const { client, sockets, requests } = new World()
  const Page = () => {
    useWebSocket()
    return useTaskStore(selectConnectionStatus)
  }
  const html = renderToString(
    <TidingsProvider client={client}>
      <Page />
    </TidingsProvider>,
  )
  expect([html, sockets.length, requests.length]).toEqual(['disconnected', 0, 0])
})
