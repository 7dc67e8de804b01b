import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvError, headings, readSubjects } from '../../src/cohorts/csv.js'

const ids = (text: string, column?: string) => readSubjects(text, column).ids

describe('a list of subject ids', () => {
  test.each([
    ['one a line', 'a\nb\n', ['a', 'b']],
    ['without a last line end', 'a\nb', ['a', 'b']],
    ['of Windows', '\ufeffsub\r\na\r\nb\r\n', ['a', 'b']],
    ['with empty lines', 'a\n\n\nb\n', ['a', 'b']],
    ['with spaces around', ' a \n\tb\n', ['a', 'b']],
    ['the first column without heading', 'a,Ana\nb,Bo\n', ['a', 'b']],
    ['the column sub', 'name,sub\nAna,a\nBo,b\n', ['a', 'b']],
    ['quoted', '"a,1","x"\n"b""2",y\n', ['a,1', 'b"2']],
    ['with a line end within a name', 'name,sub\n"Ana\nRuiz",a\nBo,b\n', ['a', 'b']],
  ])('%s', (_, text, want) => {
    expect(ids(text)).toEqual(want)
  })

  test.each([
    ['of a German Excel', 'sub;name\na;Ana\n'],
    ['with tabs', 'a\tAna\nb\tBo\n'],
    ['in another encoding', new TextDecoder().decode(Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a))],
  ])('%s: nothing is read, since names of people would be sent', (_, text) => {
    expect(() => ids(text)).toThrow(CsvError)
  })

  test('another column, by its heading', () => {
    const text = 'sub,oid\na,1\nb,2\n'
    expect(ids(text, 'oid')).toEqual(['1', '2'])
    expect(readSubjects(text, 'oid').column).toBe('oid')
    expect(headings(text)).toEqual(['sub', 'oid'])
  })

  test('who is there twice counts once', () => {
    expect(readSubjects('a\nb\na\n').repeated).toBe(1)
  })

  test.each([
    ['nothing', '', 'no subject id in it'],
    ['a heading alone', 'sub\n', 'no subject id in it'],
    ['a line without id', 'name,sub\nMARKED,\n', 'Line 2'],
    ['a short line', 'name,sub\nMARKED,a\nMARKED\n', 'Line 3'],
    ['an open quotation', 'a\n"MARKED\n', 'Line 2'],
    ['text behind a quotation', '"MARKED"x\n', 'Line 1'],
    ['a long id', `a\n${'MARKED'.repeat(50)}\n`, 'Line 2'],
    ['a line counted on after a quoted line end', '"MARKED\n",a\n,b\n', 'Line 3'],
  ])('refuses %s, and repeats no id', (_, text, want) => {
    expect(() => readSubjects(text)).toThrow(CsvError)
    expect(() => readSubjects(text)).toThrow(want)
    expect(() => readSubjects(text)).not.toThrow('MARKED')
  })

  test('a column that is not there', () => {
    expect(() => readSubjects('a\n', 'oid')).toThrow('no column “oid”')
  })

  test('gives back whatever was quoted', () => {
    const id = fc
      .string({ minLength: 1, maxLength: 40 })
      .filter((s) => s.trim() !== '' && s.trim() !== 'sub')
    fc.assert(
      fc.property(fc.array(id, { minLength: 1 }), (want) => {
        const lines = want.map((s) => `"${s.replaceAll('"', '""')}"`)
        expect(ids(`sub\n${lines.join('\r\n')}`)).toEqual(want.map((s) => s.trim()))
      }),
    )
  })
})
