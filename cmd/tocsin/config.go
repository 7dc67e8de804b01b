package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// configFile names a JSON file that gives the flags of serve by their names, and
// issuers. A flag on the command line wins over its variable, and that over the
// file. A member that is no flag is an error: a misspelt limit must not be
// silently absent.
type configFile string

// issuersMember is the one member of the file that is no flag.
const issuersMember = "issuers"

// BeforeResolve is called by kong once the command line has been read.
func (f configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path, _ := ctx.FlagValue(trace.Flag).(configFile)
	if path == "" || ctx.Command() != "serve" {
		return nil
	}
	members, err := path.members()
	if err != nil {
		return err
	}
	delete(members, issuersMember)
	known := ctx.Selected().Flags
	for name := range members {
		if name == "config" || !slices.ContainsFunc(known, func(f *kong.Flag) bool { return f.Name == name }) {
			return fmt.Errorf("--config %s: %q is not a flag of serve", path, name)
		}
	}
	ctx.AddResolver(configMembers(members))
	return nil
}

// members reads the file's top level: one object, no name in it twice.
func (f configFile) members() (map[string]json.RawMessage, error) {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	members, err := decodeMembers(json.NewDecoder(bytes.NewReader(data)))
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", f, cutOff(err))
	}
	return members, nil
}

// cutOff says in words that a file of JSON ends too early.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut off: not whole JSON")
	}
	return err
}

func decodeMembers(dec *json.Decoder) (map[string]json.RawMessage, error) {
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errors.New("not a JSON object"), err)
	}
	members := make(map[string]json.RawMessage)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		if _, twice := members[name.(string)]; twice { // More says that a name comes
			return nil, fmt.Errorf("%q is there twice", name)
		}
		members[name.(string)] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return members, nil
}

// configMembers answers kong's question for the value of a flag.
type configMembers map[string]json.RawMessage

// Validate has nothing to do: BeforeResolve has compared the names.
func (configMembers) Validate(*kong.Application) error { return nil }

// Resolve gives a flag's value, unless its variable is set.
func (m configMembers) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	raw, ok := m[flag.Name]
	if !ok || slices.ContainsFunc(flag.Envs, isSet) {
		return nil, nil
	}
	var value any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case json.Number:
		return v.String(), nil
	case []any:
		return joined(v)
	}
	return value, nil
}

func isSet(name string) bool {
	_, ok := os.LookupEnv(name)
	return ok
}

// joined writes a list as it stands on a command line.
func joined(list []any) (any, error) {
	var words []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok || strings.Contains(s, ",") {
			return nil, errors.New("a list of strings without commas, please") // not quoted: it may hold a password
		}
		words = append(words, s)
	}
	return strings.Join(words, ","), nil
}
