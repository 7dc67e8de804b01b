/** A list of subject ids read from text. Errors name lines, never what stands in them. */
export interface Subjects {
  readonly ids: readonly string[]
  /** How many are there more than once. */
  readonly repeated: number
  /** The heading of the column that was read; '' without headings. */
  readonly column: string
}

/** What a list can't be read for, in words. */
export class CsvError extends Error {}

/** The most that one cohort holds. */
const maxSubjects = 1_000_000
/** The most that a desk takes of one list, in bytes. */
export const maxFile = 48 << 20
/** The most that a subject id holds, in bytes of UTF-8. */
const maxBytes = 256

/**
 * Reads one column of a CSV file (RFC 4180): the one that is headed `sub`, or the first,
 * without a heading, as `tocsin cohort add` does. `column` chooses another by its
 * heading.
 */
export function readSubjects(text: string, column = ''): Subjects {
  if (text.includes('\ufffd')) {
    throw new CsvError('This is no text in UTF-8. Save it as “CSV UTF-8”.')
  }
  const ids: string[] = []
  let at = 0
  let heading = ''
  let first = true
  for (const { line, cells } of records(text.replace(/^\ufeff/, ''))) {
    if (first) {
      first = false
      if (cells.length === 1 && /[;\t]/.test((cells[0] ?? '').trim())) {
        // Each line would be taken for one id, with all that else stands in it.
        throw new CsvError('The columns are not separated by commas. Save it as CSV with commas.')
      }
      const found = cells.findIndex((cell) => cell.trim() === (column || 'sub'))
      if (found >= 0) {
        at = found
        heading = column || 'sub'
        continue
      }
      if (column !== '') throw new CsvError(`Line ${line} has no column “${column}”.`)
    }
    const id = (cells[at] ?? '').trim()
    if (id === '') throw new CsvError(`Line ${line}: no subject id.`)
    if (new TextEncoder().encode(id).length > maxBytes) {
      throw new CsvError(`Line ${line}: a subject id is longer than ${maxBytes} bytes.`)
    }
    ids.push(id)
    if (ids.length > maxSubjects) throw new CsvError('More than 1,000,000 people: make two lists.')
  }
  if (ids.length === 0) throw new CsvError('There is no subject id in it.')
  const different = new Set(ids).size
  return { ids, repeated: ids.length - different, column: heading }
}

/** The headings that the first line may be, to choose a column from. */
export function headings(text: string): readonly string[] {
  for (const { cells } of records(text.replace(/^\ufeff/, ''))) {
    return cells.map((cell) => cell.trim()).filter((cell) => cell !== '')
  }
  return []
}

interface CsvRecord {
  /** Where it begins, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** The records of a CSV text; empty lines are none. */
function* records(text: string): Generator<CsvRecord> {
  let position = 0
  let line = 1
  while (position < text.length) {
    const begun = line
    const cells: string[] = []
    for (;;) {
      const cell = text[position] === '"' ? quoted(text, position, line) : plain(text, position)
      cells.push(cell.value)
      position = cell.end
      line += cell.lines
      if (text[position] !== ',') break
      position++
    }
    if (text[position] === '\r') position++
    if (text[position] === '\n') position++
    line++
    if (cells.length > 1 || cells[0] !== '') yield { line: begun, cells }
  }
}

interface Cell {
  readonly value: string
  readonly end: number
  /** The line ends within it. */
  readonly lines: number
}

function plain(text: string, from: number): Cell {
  let end = from
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++
  return { value: text.slice(from, end), end, lines: 0 }
}

function quoted(text: string, from: number, line: number): Cell {
  let value = ''
  let position = from + 1
  for (;;) {
    const quote = text.indexOf('"', position)
    if (quote < 0) throw new CsvError(`Line ${line}: a quotation mark is not closed.`)
    value += text.slice(position, quote)
    position = quote + 1
    if (text[position] !== '"') break
    value += '"'
    position++
  }
  const after = text[position]
  if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r') {
    throw new CsvError(`Line ${line}: something stands behind a quotation mark.`)
  }
  return { value, end: position, lines: value.split('\n').length - 1 }
}
