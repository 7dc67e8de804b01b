const names: Readonly<Record<string, string>> = {
  keyset: 'Keyset, version',
  contacts: 'Contact cards, version',
  posture: 'Posture, version',
  redaction: 'Deletion of entry',
}

/** The kind and number of a document's name; null of a notice's. */
export function namedDocument(
  identifier: string,
): { readonly kind: string; readonly number: string } | null {
  const [, kind = '', number = ''] = /^([a-z]+)-(\d+)$/.exec(identifier) ?? []
  return Object.hasOwn(names, kind) ? { kind, number } : null
}

/** A document's name in words: "Posture, version 4" of `posture-4`; a notice's as it is. */
export function documentName(identifier: string): string {
  const document = namedDocument(identifier)
  return document ? `${names[document.kind]} ${document.number}` : identifier
}
