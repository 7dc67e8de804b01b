package broker

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Recent returns the records whose keys begin with the tokens of prefix and a dot, and
// that were written within the last while, by the broker's clock; and that clock's time.
// Those that were deleted in it come too, without a body. However many older ones there
// are, they cost nothing. One that is written again at this very moment may be missing;
// the next call has it. It is asked for like Get.
func (s *Store) Recent(ctx context.Context, prefix string, within time.Duration) (records []Record, now time.Time, err error) {
	subject, err := s.subject(prefix)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading %s: %w", s.stream, err)
	}
	err = s.b.again(ctx, readPatience, func() (err error) {
		if now, err = s.clock(ctx); err == nil {
			records, err = s.askSince(ctx, subject+".>", now.Add(-within))
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w: %w", s.stream, ErrUnavailable, err)
		}
		return nil
	})
	return records, now, err
}

// clock asks the stream's server what time it is.
func (s *Store) clock(ctx context.Context) (time.Time, error) {
	ctx, done, err := s.b.link.within(ctx, requestTimeout)
	if err != nil {
		return time.Time{}, err
	}
	defer done()
	stream, err := s.b.js.Stream(ctx, s.stream)
	if err != nil {
		return time.Time{}, err
	}
	return stream.CachedInfo().TimeStamp, nil
}

// askSince reads what was written since then. A record that is written again meanwhile
// is read twice; the later one stays.
func (s *Store) askSince(ctx context.Context, subjects string, since time.Time) ([]Record, error) {
	found := map[string]int{}
	var records []Record
	var size int64
	err := s.b.scan(ctx, s.stream, subjects, lookup{Start: &since}, func(m message) error {
		record := Record{Key: strings.TrimPrefix(m.subject, s.prefix), Body: m.body, Revision: m.seq, Time: m.time}
		size += int64(len(record.Body))
		if i, ok := found[record.Key]; ok {
			size -= int64(len(records[i].Body))
			records[i] = record
		} else {
			found[record.Key] = len(records)
			records = append(records, record)
		}
		return s.bounded(len(records), size)
	})
	return records, err
}
