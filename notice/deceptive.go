package notice

import (
	"iter"
	"reflect"
	"unicode"
)

// Deceptive yields the characters of text, with their places in bytes, that can't be
// seen and that make a reader see something else than what is there, or can: a telephone
// number whose groups stand in another order on the screen than for who hears or copies it,
// a word that no search finds, a sentence that only programs read.
//
// Refused everywhere: embeddings, overrides and isolates of the writing direction
// (Unicode Annex 9), since to isolate a text is for whoever shows it; line and paragraph
// separators, since a newline does that; and whatever else Unicode makes invisible
// (word joiner, byte order mark, fillers, tags, and so the flags that are made of tags).
//
// Not refused where a script can't be written without them, and there alone:
//   - left-to-right, right-to-left and Arabic letter mark, in a text with a letter that
//     runs from right to left. There "+1 555 0100" needs one to be shown as it is dialled,
//     and letters move digits as marks do. In other text a mark can do nothing but harm.
//   - the (non-)joiner behind a letter of a script that joins, as Persian's and those of
//     India do; the joiner behind a symbol, which is how emoji are composed.
//   - a variation selector behind what it varies, once: more of them hide messages.
//   - the zero-width space behind a letter of a script without spaces, as Khmer and Thai;
//     Mongolian's vowel separator behind its letters; the soft hyphen between letters.
//
// Controls are not among them: a fold rule refuses those.
func Deceptive(text string) iter.Seq2[int, rune] {
	return func(yield func(int, rune) bool) {
		previous, base := rune(-1), rune(-1) // base: previous that is no combining mark of all scripts
		for at, r := range text {
			if invisible(r) && !needed(text, at, r, previous, base) && !yield(at, r) {
				return
			}
			previous = r
			if !unicode.Is(unicode.Inherited, r) && !unicode.Is(unicode.Cf, r) {
				base = r
			}
		}
	}
}

// invisible reports characters that draw nothing.
func invisible(r rune) bool {
	if r < 0xAD {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) // such as the Arabic number sign, which is seen
}

// Scripts in daily use that run from right to left; that join letters; that write words
// without spaces. A letter of another is rare enough to be written without.
var (
	rightToLeft = []*unicode.RangeTable{unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko,
		unicode.Adlam, unicode.Hanifi_Rohingya, unicode.Samaritan, unicode.Mandaic}
	joining = []*unicode.RangeTable{unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Adlam, unicode.Hanifi_Rohingya,
		unicode.Mandaic, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
		unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan,
		unicode.Khmer, unicode.Myanmar, unicode.Meetei_Mayek, unicode.Ol_Chiki, unicode.Chakma}
	unspaced = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
		unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet, unicode.Javanese, unicode.Balinese}
)

// needed tells whether r, at that place of text, is what its script is written with.
func needed(text string, at int, r, previous, base rune) bool {
	if unicode.Is(unicode.Variation_Selector, r) {
		return unicode.IsGraphic(previous) && !unicode.IsSpace(previous) && !unicode.Is(unicode.Variation_Selector, previous)
	}
	switch r {
	case 0x200E, 0x200F, 0x061C: // marks of direction
		for _, c := range text {
			if unicode.IsLetter(c) && unicode.In(c, rightToLeft...) {
				return true
			}
		}
	case 0x200C, 0x200D: // non-joiner, joiner
		return letterOf(base, joining) && previous != r ||
			r == 0x200D && unicode.In(base, unicode.So, unicode.Sk) && unicode.IsSymbol(after(text, at))
	case 0x200B: // zero-width space
		return letterOf(base, unspaced) && previous != r
	case 0x180E: // Mongolian vowel separator
		return letterOf(base, []*unicode.RangeTable{unicode.Mongolian})
	case 0x00AD: // soft hyphen
		return unicode.IsLetter(base) && unicode.IsLetter(after(text, at))
	}
	return false
}

// letterOf reports letters and signs of letters of the scripts; their digits are none.
func letterOf(r rune, scripts []*unicode.RangeTable) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && unicode.In(r, scripts...)
}

// after is the character behind the one at that place, or -1.
func after(text string, at int) rune {
	first := true
	for _, r := range text[at:] {
		if !first {
			return r
		}
		first = false
	}
	return -1
}

// AdmitText is the admission rule about the texts of a document, which is a pointer to one:
// nothing in them deceives who reads. It names the field and the character. A fold rule
// it is not: what was published before stays as it is.
func AdmitText(document any) error {
	err := eachString(reflect.ValueOf(document).Elem(), "", func(where, s string) *RuleError {
		for _, r := range Deceptive(s) {
			return broken("admission.text", "%.80s: the invisible character %U makes people read what is not there; type the text anew", where, r)
		}
		return nil
	})
	if err != nil {
		return err // not as a nil *RuleError in an error
	}
	return nil
}
