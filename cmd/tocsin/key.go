package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"

	"tocsin/notice"
)

type keyCmd struct {
	New  keyNewCmd  `cmd:"" help:"Make a key; print its public half."`
	Show keyShowCmd `cmd:"" help:"Print the public half of a key."`
	Ring keyRingCmd `cmd:"" help:"Make or rotate a ring of server keys, for --ticket-keys and --desk-keys."`
}

type keyNewCmd struct {
	File  string `arg:"" help:"Where to write the private key (0600; never overwritten)."`
	Owner string `required:"" placeholder:"NAME" help:"The person who holds the key (of a beacon's, the desk): lower-case letters, digits and hyphens. Signatures count once per owner, whatever the number of keys."`
}

func (keyNewCmd) Help() string {
	return `The private key stays on this device. What is printed is public: hand it to whoever
edits the keyset.

    tocsin key new ana.key --owner ana-ruiz > ana.pub`
}

var ownerName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func (cmd keyNewCmd) Run(c console) error {
	if !ownerName.MatchString(cmd.Owner) {
		return misusef("--owner %q: lower-case letters, digits and hyphens, please", cmd.Owner)
	}
	key, err := newKey(cmd.File, cmd.Owner)
	if err != nil {
		return err
	}
	_, err = c.Out.Write(publicHalf{Owner: key.Owner, Key: key.Public()}.marshal())
	return err
}

// newKey makes a key and writes it to path.
func newKey(path, owner string) (*notice.PrivateKey, error) {
	key, err := notice.NewKey(owner)
	if err != nil {
		return nil, fmt.Errorf("making a key for %s: %w", owner, err)
	}
	return key, writeNew(path, key.Marshal(), 0o600)
}

type keyShowCmd struct {
	File string `arg:"" help:"A private key, or a public half."`
	JSON bool   `help:"Print {keyid, owner, publicKey} for programs."`
}

func (cmd keyShowCmd) Run(c console) error {
	half, err := readPublicHalf(cmd.File)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.printJSON(map[string]any{
			"keyid": notice.KeyID(half.Key), "owner": half.Owner, "publicKey": []byte(half.Key),
		})
	}
	_, err = c.Out.Write(half.marshal())
	return err
}

// publicHalf is what "key show" prints: a PEM block that names the owner, below
// two lines for people. A PEM reader skips those lines.
type publicHalf struct {
	Owner string
	Key   ed25519.PublicKey
}

func (h publicHalf) marshal() []byte {
	der, err := x509.MarshalPKIXPublicKey(h.Key)
	if err != nil {
		panic(err) // an Ed25519 key always has this form
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "owner %s\nkeyid %s\n", h.Owner, notice.KeyID(h.Key))
	block := &pem.Block{Type: pemPublic, Bytes: der}
	if h.Owner != "" {
		block.Headers = map[string]string{"Owner": h.Owner}
	}
	_ = pem.Encode(&out, block) // a Buffer takes everything
	return out.Bytes()
}

// pemPublic is the type of PEM blocks with a public half (RFC 7468, section 13).
const pemPublic = "PUBLIC KEY"

var errNotAKey = errors.New("neither a private key nor the output of \"tocsin key show\"")

// readPublicHalf reads either half of a key.
func readPublicHalf(path string) (publicHalf, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return publicHalf{}, fmt.Errorf("reading the key: %w", err)
	}
	block, _ := pem.Decode(data)
	switch {
	case block == nil:
		return publicHalf{}, fmt.Errorf("reading the key %s: %w", path, errNotAKey)
	case block.Type == pemPublic:
		return parsePublicHalf(path, block)
	}
	key, err := readKey(path)
	if err != nil {
		return publicHalf{}, err
	}
	return publicHalf{Owner: key.Owner, Key: key.Public()}, nil
}

// isPublicHalf tells a file of a public half from all else.
func isPublicHalf(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	block, _ := pem.Decode(data)
	return block != nil && block.Type == pemPublic
}

func parsePublicHalf(path string, block *pem.Block) (publicHalf, error) {
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return publicHalf{}, fmt.Errorf("reading the key %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return publicHalf{}, fmt.Errorf("reading the key %s: a %T, not Ed25519", path, parsed)
	}
	return publicHalf{Owner: block.Headers["Owner"], Key: key}, nil
}
