const names: Readonly<Record<string, string>> = {
  keyset: 'Keyset, version',
  contacts: 'Contact cards, version',
  posture: 'Posture, version',
  redaction: 'Deletion of entry',
}

/** A document's name in words: "Posture, version 4" of `posture-4`; a notice's as it is. */
export function documentName(identifier: string): string {
  const [, kind = '', version = ''] = /^([a-z]+)-(\d+)$/.exec(identifier) ?? []
  const words = Object.hasOwn(names, kind) ? names[kind] : undefined
  return words === undefined ? identifier : `${words} ${version}`
}
