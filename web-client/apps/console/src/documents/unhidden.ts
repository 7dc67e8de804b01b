// Marks, isolates and overrides of direction, and what has no width.
const hidden = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu

/**
 * A text in which nothing moves or hides the rest: each character of that kind as its number,
 * <202E>. It is for what is compared letter by letter, not for reading.
 */
export function unhidden(text: string): string {
  return text.replace(hidden, (character) => {
    const number = character.codePointAt(0) ?? 0
    return `<${number.toString(16).toUpperCase().padStart(4, '0')}>`
  })
}
