package broker

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"tocsin/notice"
)

// A backup is lines of JSON (docs/backup.md): a header, the entries in the log's order,
// and an end that holds the SHA-256 of all before it. What is cut off, altered, moved or
// there twice shows; that the entries are staff's, only their signatures show.

// ErrBackupDamaged: the file is not what was written. What [ReadBackup] handed on can be
// used by whoever verifies each entry, as a repair does.
var ErrBackupDamaged = errors.New("the backup is damaged")

const (
	backupFormat = 1
	// maxBackupLine is room for an entry of MaxBody in base64, and for its other members.
	maxBackupLine = MaxBody*4/3 + 8<<10
	// maxSeq is more than any log holds, and what other programs read exactly.
	maxSeq = 1<<53 - 1
)

// BackupHeader says what a backup is of.
type BackupHeader struct {
	Format int       `json:"tocsinBackup"`
	Stream string    `json:"stream"`
	Epoch  string    `json:"epoch"`
	First  uint64    `json:"first"` // the first sequence that there is; 0 if the log is empty
	Last   uint64    `json:"last"`  // the last; some between them may be missing
	Time   time.Time `json:"time"`
}

type backupLine struct {
	Seq      uint64    `json:"seq"`
	Subject  string    `json:"subject"`
	Time     time.Time `json:"time"`
	SHA256   string    `json:"sha256"`   // of the envelope's bytes
	Envelope []byte    `json:"envelope"` // base64: the bytes, whatever they are
}

type backupEnd struct {
	Entries int    `json:"entries"`
	SHA256  string `json:"sha256"` // of all lines before this one
}

// BackupWriter writes one backup. It is not safe for concurrent use.
type BackupWriter struct {
	out     *bufio.Writer
	sum     hash.Hash
	entries int
}

// NewBackupWriter writes the header of a log's backup.
func NewBackupWriter(w io.Writer, epoch string, first, last uint64, at time.Time) (*BackupWriter, error) {
	b := &BackupWriter{out: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
	return b, b.line(BackupHeader{
		Format: backupFormat, Stream: StreamLog, Epoch: epoch, First: first, Last: last, Time: at.UTC(),
	})
}

// Add writes the next entry.
func (b *BackupWriter) Add(e notice.Entry) error {
	b.entries++
	return b.line(backupLine{
		Seq: e.Seq, Subject: e.Subject, Time: e.Time.UTC(), SHA256: hexSum(e.Body), Envelope: e.Body,
	})
}

// Close writes the end, and returns the checksum in it. It does not close the file.
func (b *BackupWriter) Close() (string, error) {
	sum := hex.EncodeToString(b.sum.Sum(nil))
	if err := b.line(backupEnd{Entries: b.entries, SHA256: sum}); err != nil {
		return "", err
	}
	return sum, b.out.Flush()
}

func (b *BackupWriter) line(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	b.sum.Write(line)
	_, err = b.out.Write(line)
	return err
}

func hexSum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// WriteBackup writes c as a backup that was made now, and returns its checksum.
func (c *Copy) WriteBackup(w io.Writer) (string, error) {
	b, err := NewBackupWriter(w, c.Epoch, c.first(), c.Last, time.Now())
	for i := 0; i < len(c.Entries) && err == nil; i++ {
		err = b.Add(c.Entries[i])
	}
	if err != nil {
		return "", err
	}
	return b.Close()
}

// ReadBackup reads a backup whole. With an error that is [ErrBackupDamaged] come the
// entries that are whole nevertheless.
func ReadBackup(r io.Reader) (*Copy, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	b := backupReader{in: in, sum: sha256.New()}
	return b.read()
}

type backupReader struct {
	in      *bufio.Reader
	sum     hash.Hash
	number  int // of the line
	copy    Copy
	damaged error // the first
}

func (b *backupReader) read() (*Copy, error) {
	line, err := b.next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it has not even a first line", ErrBackupDamaged)
	}
	if err != nil {
		return nil, err
	}
	var header BackupHeader
	if !decodeLine(line, &header) || header.Format == 0 {
		return nil, fmt.Errorf("%w: line 1 is no header of a backup", ErrBackupDamaged)
	}
	if header.Format != backupFormat || header.Stream != StreamLog {
		return nil, fmt.Errorf("a backup of format %d of %q: this program reads format %d of %s",
			header.Format, header.Stream, backupFormat, StreamLog)
	}
	if header.Last > maxSeq {
		return nil, fmt.Errorf("%w: its header says that the log had %d entries", ErrBackupDamaged, header.Last)
	}
	b.sum.Write(line)
	b.copy = Copy{Epoch: header.Epoch, Last: header.Last, Time: header.Time}
	for ended := false; !ended && err == nil; {
		ended, err = b.line()
	}
	if err != nil {
		return nil, err
	}
	if b.copy.first() != header.First || b.copy.top() > header.Last {
		b.damage("it holds entries %d to %d, and its header says %d to %d", b.copy.first(), b.copy.top(), header.First, header.Last)
	}
	return &b.copy, b.damaged
}

// line reads one line after the header; ended says that there is to be none after it.
func (b *backupReader) line() (ended bool, err error) {
	line, err := b.next()
	if errors.Is(err, io.EOF) {
		b.damage("it ends after line %d, without its last line: it was cut off", b.number)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var end backupEnd
	if decodeLine(line, &end) {
		b.end(end)
		return true, nil
	}
	var l backupLine
	switch {
	case !decodeLine(line, &l) || l.Seq == 0:
		b.damage("line %d can't be read", b.number)
	case l.SHA256 != hexSum(l.Envelope):
		b.damage("line %d (entry %d) was altered", b.number, l.Seq)
	case !strings.HasPrefix(l.Subject, logPrefix) || !validSubject(l.Subject):
		b.damage("line %d (entry %d) has a subject that is not of the log", b.number, l.Seq)
	case l.Seq <= b.copy.top() || l.Seq > maxSeq:
		b.damage("line %d (entry %d) is out of its place, or there twice", b.number, l.Seq)
	default:
		b.copy.Entries = append(b.copy.Entries, notice.Entry{Seq: l.Seq, Subject: l.Subject, Body: l.Envelope, Time: l.Time})
	}
	b.sum.Write(line)
	return false, nil
}

func (b *backupReader) end(end backupEnd) {
	if sum := hex.EncodeToString(b.sum.Sum(nil)); sum != end.SHA256 {
		b.damage("its checksum is not that of its lines")
	}
	if end.Entries != len(b.copy.Entries) {
		b.damage("it holds %d entries, and was made with %d", len(b.copy.Entries), end.Entries)
	}
	b.copy.SHA256 = end.SHA256
	if _, err := b.in.Peek(1); err == nil {
		b.damage("something follows its last line")
	}
}

func (b *backupReader) damage(format string, args ...any) {
	if b.damaged == nil {
		b.damaged = fmt.Errorf("%w: "+format, append([]any{ErrBackupDamaged}, args...)...)
	}
}

// next returns the next line with its end. A last line without an end is none.
func (b *backupReader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := b.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxBackupLine:
			return nil, fmt.Errorf("%w: line %d is too long", ErrBackupDamaged, b.number+1)
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err
		default:
			b.number++
			return line, nil
		}
	}
}

func decodeLine(line []byte, v any) bool {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v) == nil
}
