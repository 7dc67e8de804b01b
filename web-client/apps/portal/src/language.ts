// The page's language: the browser's, or the one chosen in this tab. The choice goes at
// sign-out (its key begins with `portal:`): it says something about who sat here.

export const spoken = { en: 'English', es: 'Español', ar: 'العربية', de: 'Deutsch' } as const
export type Language = keyof typeof spoken

const languageKey = 'portal:language'

export function isSpoken(tag: string): tag is Language {
  return Object.hasOwn(spoken, tag)
}

export function chosenLanguage(own: Storage): Language | null {
  const found = own.getItem(languageKey)
  return found && isSpoken(found) ? found : null
}

export function chooseLanguage(own: Storage, language: Language): void {
  own.setItem(languageKey, language)
}

/** The first of the reader's languages that the portal speaks. */
export function pageLanguage(wanted: readonly string[]): Language {
  const primary = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '')
  return primary.find(isSpoken) ?? 'en'
}

/** The reader's languages with the chosen one before the browser's. */
export function readersLanguages(
  chosen: Language | null,
  browser: readonly string[],
): readonly string[] {
  return chosen ? [chosen, ...browser.filter((tag) => tag !== chosen)] : browser
}

export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr'
}
