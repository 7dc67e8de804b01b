package desk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// journalName is the journal's file in its folder.
const journalName = "journal.jsonl"

// rotateAt is the size in bytes from which a journal is put aside when it is opened:
// some 40,000 acts, read in well under a second.
const rotateAt = 16 << 20

// maxLine bounds one line: a record with the owners of 16 signatures is about 2 KiB.
const maxLine = 64 << 10

// ErrJournalLocked means that another process has the journal open. Two desks
// with one journal would each take the other's open acts for their own.
var ErrJournalLocked = errors.New("journal is in use by another process")

// Journal is a [Recorder] in a file of JSON lines, synced after each record.
// It is safe for concurrent use.
type Journal struct {
	pending []Record
	damaged int

	mu   sync.Mutex // held across the write: records are a sequence
	file *os.File
	size int64 // of what is known to be whole; a failed write is cut back to here
}

// OpenJournal opens the journal in folder dir, which is made if need be, and reads
// it. A last line that a crash cut short is removed. Lines that can't be read are
// kept, skipped and counted ([Journal.Damaged]): a desk must start in a crisis,
// and says so. A journal of 16 MiB or more is put aside under another name, and
// the acts that are open are carried over.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making journal folder: %w", err)
	}
	lock, err := openLocked(filepath.Join(dir, journalName))
	if err != nil {
		return nil, err
	}
	j := &Journal{file: lock}
	if err := j.load(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("reading journal: %w", err)
	}
	if j.size >= rotateAt {
		if err := j.rotate(dir); err != nil {
			j.file.Close()
			return nil, fmt.Errorf("putting journal aside: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		j.file.Close()
		return nil, fmt.Errorf("syncing journal folder: %w", err)
	}
	return j, nil
}

func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking journal: %w", err)
	}
	return f, nil
}

// load reads the lines, and cuts off a last one without its newline.
func (j *Journal) load() error {
	open := map[string]Record{}
	r := bufio.NewReaderSize(j.file, maxLine)
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		j.size += int64(line.size)
		rec, err := parseRecord(line.text)
		if err != nil {
			j.damaged++
			continue
		}
		switch rec.Phase {
		case PhaseIntended, PhaseUnknown:
			open[rec.ID] = rec
		default:
			delete(open, rec.ID)
		}
	}
	for _, rec := range open {
		j.pending = append(j.pending, rec)
	}
	slices.SortFunc(j.pending, func(a, b Record) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return bytes.Compare([]byte(a.ID), []byte(b.ID))
	})
	return j.file.Truncate(j.size)
}

type journalLine struct {
	text []byte
	size int // with the newline, and what did not fit into text
}

// readLine returns the next whole line, io.EOF at the end or at a line cut short.
// A line that is too long is returned empty, which no record is.
func readLine(r *bufio.Reader) (journalLine, error) {
	line, err := r.ReadSlice('\n')
	if err == nil {
		return journalLine{text: line, size: len(line)}, nil
	}
	size := len(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		size += len(line)
	}
	return journalLine{size: size}, err
}

func parseRecord(line []byte) (Record, error) {
	var rec Record
	if err := json.Unmarshal(line, &rec); err != nil {
		return Record{}, err
	}
	if rec.ID == "" || rec.Phase == "" {
		return Record{}, errors.New("not a record")
	}
	return rec, nil
}

// rotate puts the journal aside and starts a new one with the open acts.
func (j *Journal) rotate(dir string) error {
	path := filepath.Join(dir, journalName)
	fresh, err := openLocked(path + ".new")
	if err != nil {
		return err
	}
	oldFile, oldSize := j.file, j.size
	j.file, j.size = fresh, 0
	err = fresh.Truncate(0)
	for _, rec := range j.pending {
		err = errors.Join(err, j.write(rec))
	}
	aside := filepath.Join(dir, "journal-"+time.Now().UTC().Format("20060102T150405.000000000")+".jsonl")
	err = errors.Join(err, os.Link(path, aside), os.Rename(path+".new", path))
	if err != nil {
		fresh.Close()
		j.file, j.size = oldFile, oldSize
		return err
	}
	return oldFile.Close()
}

// Record appends r and syncs it.
func (j *Journal) Record(_ context.Context, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.write(r); err != nil {
		return fmt.Errorf("writing journal: %w", err)
	}
	return nil
}

// write appends one line. After a failure the file is cut back to its last whole
// line, so that what follows does not join a fragment.
func (j *Journal) write(r Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	_, err = j.file.Write(line)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(line))
	return nil
}

// Pending returns what was open when the journal was opened.
func (j *Journal) Pending() []Record { return slices.Clone(j.pending) }

// Damaged is the number of lines that could not be read when the journal was opened.
func (j *Journal) Damaged() int { return j.damaged }

// Close closes the file and gives up its lock.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
