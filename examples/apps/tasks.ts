// Written by `tidings types`; change the schemas of the tasks instead.

/** The tasks of the server by name: what each takes, and what it brings. */
export interface Tasks {
  /**
   * Check links
   *
   * Every link, anchor and image of a folder of HTML and Markdown files
   */
  'check-links': { input: CheckLinksInput; output: CheckLinksOutput }
  /**
   * Compress a folder
   *
   * A tar.gz of a folder; a plain program whose percentages are read from its output
   */
  compress: { input: CompressInput; output: unknown }
  /**
   * Sales report
   *
   * Built inside the request of report-app, which reports it here
   */
  report: { input: ReportInput; output: ReportOutput }
  /**
   * Scrape reviews
   *
   * All reviews of a product, read in a real browser; `node scrape-reviews/site.js` is a shop to read
   */
  'scrape-reviews': { input: ScrapeReviewsInput; output: ScrapeReviewsOutput }
  /**
   * Count words
   *
   * Frequent words, long lines and reading time of a folder of texts
   */
  'word-count': { input: WordCountInput; output: WordCountOutput }
}

export interface CheckLinksInput {
  /** Pause before each link in milliseconds, so that a person can watch; 40 if not given */
  delayMs?: number
  /** True asks http(s) addresses too; otherwise they are only counted */
  external?: boolean
  /** Relative to the working directory, and inside it */
  folder: string
}

/** What was found */
export interface CheckLinksOutput {
  broken: CheckLinksOutputBroken[]
  /** Of the links, those that lead to another site */
  external: number
  /** Files that were read */
  files: number
  /** Images */
  images: number
  /** Links and anchors */
  links: number
}

/** A link or image that leads nowhere */
export interface CheckLinksOutputBroken {
  file: string
  line: number
  target: string
  why: string
}

export interface CompressInput {
  /** Pause before each file in milliseconds; 0 if not given */
  delayMs?: number
  /** Relative to the working directory, and inside it */
  folder: string
}

export interface ReportInput {
  /** Pause before each row in milliseconds, so that a person can watch; 40 if not given */
  delayMs?: number
  /** `region` if not given */
  groupBy?: 'region' | 'product' | 'month'
}

export interface ReportOutput {
  /** Of all groups, in cents */
  cents: number
  files: number
  groups: ReportOutputGroup[]
  rows: number
}

/** A line of the report */
export interface ReportOutputGroup {
  /** Of all sales, in cents */
  cents: number
  /** Of one sale, in cents */
  median: number
  name: string
  quantity: number
  sales: number
}

export interface ScrapeReviewsInput {
  /** Pause before each page in milliseconds, so that a person can watch; 0 if not given */
  delayMs?: number
  /** Longest wait for one page in milliseconds; 10000 if not given */
  pageTimeoutMs?: number
  /** How often a page is tried before it is given up; 3 if not given */
  tries?: number
  /** The first page of reviews; its origin must be one that may be visited */
  url: string
}

/** What was read */
export interface ScrapeReviewsOutput {
  /** Mean of the stars; null without a review */
  average: number | null
  /** Pages that were given up, and why */
  missing: { url: string; why: string }[]
  /** Pages that were read */
  pages: number
  /** Name of the product */
  product: string
  reviews: ScrapeReviewsOutputReview[]
}

/** One review */
export interface ScrapeReviewsOutputReview {
  author: string
  /** As the page has it, such as 2026-03-14 */
  date: string
  stars: number
  text: string
  title: string
}

export interface WordCountInput {
  /** Pause before each line in milliseconds, so that a person can watch; 40 if not given */
  delayMs?: number
  /** Relative to the working directory, and inside it */
  folder: string
  /** Letters that a word needs to be among the frequent ones; 4 if not given */
  minLength?: number
  /** How many frequent words and long lines the result names; 10 if not given */
  top?: number
}

export interface WordCountOutput {
  /** Different words */
  distinct: number
  /** Files that are not UTF-8 */
  failed: { file: string; why: string }[]
  /** Files of the folder */
  files: number
  frequent: { count: number; word: string }[]
  /** Lines that were read */
  lines: number
  /** The longest lines, the text cut at 120 characters */
  longest: { file: string; length: number; line: number; text: string }[]
  /** At 230 words a minute */
  readingSeconds: number
  /** Binary files */
  skipped: string[]
  /** Words */
  words: number
}
