/** The least length of a passphrase, in characters. */
const least = 12
/** How many characters must be left when what is guessed first is taken away. */
const leastLeft = 8

const guessed =
  /correct ?horse|battery ?staple|pass ?(word|wort|phrase)|kennwort|contraseña|qwert[yz](uiop)?|asdf(gh(jkl)?)?|zxcv(bnm)?|letmein|welcome|willkommen|iloveyou|admin|secret|geheim|hospital|clinic|tocsin|crisis|notice|(19|20)\d\d/gi

/** Why a passphrase is no good, in words; '' for a good one. */
export function passphraseFault(passphrase: string, owner = ''): string {
  const words = 'four or five words are good.'
  if (passphrase.length < least) return `Use at least ${least} characters; ${words}`
  let left = passphrase.toLowerCase().replace(guessed, '')
  for (const name of owner.split('-')) if (name.length > 2) left = left.replaceAll(name, '')
  // A run of neighbours (abc, 321), or the same again and again, is one character's worth.
  left = left.replace(/(.{1,6}?)\1{2,}/gu, '$1')
  const steps = Array.from(left, (c, i) => c.charCodeAt(0) - left.charCodeAt(i - 1))
  const kept = steps.filter((step, i) => !(Math.abs(step) <= 1 && step === steps[i - 1]))
  if (kept.length < leastLeft || new Set(left).size < 6) {
    return `This is among what is guessed first. Take words that have nothing to do with each other; ${words}`
  }
  return ''
}
