/**
 * Numbers, counts and times by the rules of a locale; undefined is that of the browser.
 * Collaborators: words and texts. It keeps each `Intl` format: making one costs more than using it a hundred times.
 */

type Format = Intl.DateTimeFormat | Intl.NumberFormat | Intl.PluralRules

const formats = new Map<string, Format>()

function kept<Kind extends Format>(name: string, locale: string | undefined, make: () => Kind): Kind {
  const key = `${name} ${locale ?? ''}`
  let format = formats.get(key)
  if (!format) {
    format = make()
    formats.set(key, format)
  }
  return format as Kind
}

export function formatNumber(number: number, locale: string | undefined): string {
  return kept('number', locale, () => new Intl.NumberFormat(locale)).format(number)
}

/** `share` is 0 to 1. */
export function formatShare(share: number, locale: string | undefined): string {
  return kept('percent', locale, () => new Intl.NumberFormat(locale, { style: 'percent' })).format(share)
}

/** One text for each plural that the language has. */
export type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

export function formatCount(count: number, forms: Forms, locale: string | undefined): string {
  const rule = kept('plural', locale, () => new Intl.PluralRules(locale)).select(count)
  return `${formatNumber(count, locale)} ${forms[rule] ?? forms.other}`
}

const MOMENTS = {
  clock: { hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  exact: { dateStyle: 'medium', timeStyle: 'long' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
} satisfies Record<string, Intl.DateTimeFormatOptions>

export function formatMoment(name: keyof typeof MOMENTS, time: string | number, locale: string | undefined): string {
  return kept(name, locale, () => new Intl.DateTimeFormat(locale, MOMENTS[name])).format(new Date(time))
}
