package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tocsin/notice"
)

// translation is what a notice says in one more language; the rest is as in the first.
type translation struct {
	Language    string `json:"language"`
	Headline    string `json:"headline"`
	Description string `json:"description"`
	Instruction string `json:"instruction"`
	Event       string `json:"event"`      // default: the headline
	SenderName  string `json:"senderName"` // these are the first language's, if left out
	Contact     string `json:"contact"`
	Web         string `json:"web"`
}

// readTranslation reads one from its file. A member that is unknown is an error: a
// misspelt one would be a text that patients do not see.
func readTranslation(path string) (t translation, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return t, fmt.Errorf("--translation: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return t, fmt.Errorf("--translation %s: %w", path, cutOff(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return t, fmt.Errorf("--translation %s: something follows the object", path)
	}
	if t.Language == "" || t.Headline == "" {
		return t, fmt.Errorf(`--translation %s: needs at least "language" and "headline"`, path)
	}
	return t, nil
}

// of is the notice's first block in this language.
func (t translation) of(first notice.Info) notice.Info {
	info := first
	info.Language, info.Headline, info.Description, info.Instruction = t.Language, t.Headline, t.Description, t.Instruction
	info.Event = cmp.Or(t.Event, t.Headline)
	info.SenderName = cmp.Or(t.SenderName, first.SenderName)
	info.Contact, info.Web = cmp.Or(t.Contact, first.Contact), cmp.Or(t.Web, first.Web)
	return info
}

// translate adds the languages of --translation.
func (f composeFlags) translate(n *notice.Notice) error {
	for _, path := range f.Translation {
		t, err := readTranslation(path)
		if err != nil {
			return err
		}
		for _, have := range n.Info {
			if have.Language == t.Language {
				return misusef("--translation %s: the notice has %s already (--language says which the flags' texts are in)", path, t.Language)
			}
			if (have.Instruction == "") != (t.Instruction == "") {
				return fmt.Errorf("--translation %s: %s and %s differ in whether there is an instruction", path, have.Language, t.Language)
			}
		}
		n.Info = append(n.Info, t.of(n.Info[0]))
	}
	return nil
}
