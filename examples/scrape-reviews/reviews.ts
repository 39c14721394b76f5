/**
 * What this task is given, what it answers, and how a page of reviews is read.
 * Collaborators: worker, which opens the pages. Pages are read by what they mean to a reader (roles and names), never by their markup.
 */
import type { Locator, Page } from 'playwright-core'

/** The input of the task. */
export interface ScrapeInput {
  /** The first page of reviews. Its origin must be one of `SCRAPE_ORIGINS`. */
  url: string
  /** Longest wait for one page, in milliseconds: 100 to 60,000; 10,000 if not given. */
  pageTimeoutMs?: number
  /** How often a page is tried before it is given up: 1 to 10; 3 if not given. */
  tries?: number
  /** Pause before each page, so that a person can watch, in milliseconds: up to 60,000; 0 if not given. */
  delayMs?: number
}

export interface Review {
  title: string
  author: string
  /** 1 to 5. */
  stars: number
  /** As the page has it in its `datetime`, such as `2026-03-14`. */
  date: string
  text: string
}

/** The result of the task. What could not be read is named, and does not take away what could. */
export interface ScrapeOutput {
  product: string
  /** Pages that were read. */
  pages: number
  /** Pages that were given up, and why. */
  missing: { url: string; why: string }[]
  reviews: Review[]
  /** Mean of the stars, with one decimal; null without a review. */
  average: number | null
}

/** The name of the product, and the addresses of all its pages in order. */
export async function contentsOf(page: Page): Promise<{ product: string; addresses: string[] }> {
  const product = await page.getByRole('heading', { level: 1 }).innerText()
  const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all()
  const addresses = await Promise.all(links.map((link) => link.getAttribute('href')))
  return { product, addresses: addresses.flatMap((href) => (href ? [new URL(href, page.url()).href] : [])) }
}

export async function reviewsOf(page: Page): Promise<Review[]> {
  const main = page.getByRole('main')
  // A page that is still empty has its heading, but no list yet.
  await main.getByRole('article').first().waitFor()
  return Promise.all((await main.getByRole('article').all()).map(reviewOf))
}

async function reviewOf(article: Locator): Promise<Review> {
  const stars = await article.getByRole('img', { name: /of 5 stars/ }).getAttribute('aria-label')
  const time = article.getByRole('time')
  return {
    title: await article.getByRole('heading', { level: 2 }).innerText(),
    author: await article.getByText(/^by /).innerText().then((by) => by.replace(/^by /, '')),
    stars: Number.parseInt(stars ?? '', 10),
    date: (await time.getAttribute('datetime')) ?? '',
    text: await article.getByRole('paragraph').last().innerText(),
  }
}

export function averageOf(reviews: readonly Review[]): number | null {
  if (reviews.length === 0) return null
  const sum = reviews.reduce((total, { stars }) => total + stars, 0)
  return Math.round((10 * sum) / reviews.length) / 10
}
