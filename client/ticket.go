package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Ticket is what a node gives for a proof of labels, to be shown to any node while
// login does not work. Who has it sees restricted notices: it is a secret.
type Ticket struct {
	Value   string    `json:"ticket"`
	Expires time.Time `json:"expires"`
}

// TicketStore keeps the newest ticket. A Subscriber calls it from one goroutine at
// a time.
type TicketStore interface {
	// Load returns the ticket, or the zero Ticket if there is none.
	Load() (Ticket, error)
	// Save replaces the ticket.
	Save(Ticket) error
	// Delete forgets it; that there is none is no error.
	Delete() error
}

// memoryTickets is the TicketStore of a Subscriber that has no other.
type memoryTickets struct {
	mu     sync.Mutex
	ticket Ticket
}

func (m *memoryTickets) Load() (Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ticket, nil
}

func (m *memoryTickets) Save(t Ticket) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ticket = t
	return nil
}

func (m *memoryTickets) Delete() error { return m.Save(Ticket{}) }

// TicketFile is a TicketStore in the file that it names, which only the user can
// read. Its directory must exist.
type TicketFile string

// Load reads the file. That there is none is no error.
func (f TicketFile) Load() (Ticket, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return Ticket{}, nil
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("reading the ticket: %w", err)
	}
	var t Ticket
	if json.Unmarshal(text, &t) != nil {
		return Ticket{}, fmt.Errorf("reading the ticket: %s holds none", string(f))
	}
	return t, nil
}

// Save replaces the file in one step: a crash leaves the old ticket or the new.
func (f TicketFile) Save(t Ticket) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encoding the ticket: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(string(f)), ".ticket-*") // mode 0600
	if err != nil {
		return fmt.Errorf("writing the ticket: %w", err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(append(text, '\n'))
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), string(f))
	}
	if err != nil {
		return fmt.Errorf("writing the ticket: %w", err)
	}
	return nil
}

// Delete removes the file.
func (f TicketFile) Delete() error {
	if err := os.Remove(string(f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting the ticket: %w", err)
	}
	return nil
}
