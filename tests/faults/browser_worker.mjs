// Starts a browser as Playwright does (a session of its own), and keeps it open until told otherwise.
import { chromium } from 'playwright-core'

process.on('message', async (message) => {
  if (message.type !== 'init') return
  const browser = await chromium.launch({
    executablePath: message.config.input.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    handleSIGTERM: false,
  })
  const page = await browser.newPage()
  await page.setContent('<h1>open</h1>')
  process.send({ type: 'progress', progress: { percentage: 50, message: await page.textContent('h1') } })
  setInterval(() => {}, 1_000)
})
// Deaf to SIGTERM: only the end of the whole tree ends it.
process.on('SIGTERM', () => {})
