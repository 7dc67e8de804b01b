package broker

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// While a log is being restored its stream bears a mark, and takes entries under other
// subjects than the log's, which nobody but an administrator may publish. So no desk can
// append in the middle, whatever it believes; and no node reads, and shows, half a log.

// ErrRestoring: the log is being restored, or that was interrupted.
var ErrRestoring = errors.New("broker: the log is being restored")

const (
	// restoreMark is the member of the stream's metadata that marks it. Its value is the
	// digest of what is restored, so that the same restore can go on.
	restoreMark     = "tocsin-restore"
	restorePrefix   = "tocsin.restore."
	restoreSubjects = restorePrefix + ">"
	// closedSubjects stand in for the log's while an old stream is about to go.
	closedPrefix   = "tocsin.closed."
	closedSubjects = closedPrefix + ">"
)

// restoring is an error if the stream is marked.
func restoring(config jetstream.StreamConfig) error {
	if config.Metadata[restoreMark] == "" {
		return nil
	}
	return fmt.Errorf("%w; if nobody does, run \"tocsin restore\" again with the same file", ErrRestoring)
}

// marked is config as it is during a restore.
func marked(config jetstream.StreamConfig, digest string) jetstream.StreamConfig {
	config = unmarked(config)
	config.Subjects = []string{restoreSubjects}
	config.SubjectTransform = &jetstream.SubjectTransformConfig{Source: restoreSubjects, Destination: logSubjects}
	config.RePublish = nil // or all hubs would be sent the whole log
	if config.Metadata == nil {
		config.Metadata = map[string]string{}
	}
	config.Metadata[restoreMark] = digest
	config.DenyDelete = false // redacted places are made by deleting
	return config
}

// unmarked is config as it is when the log is in use.
func unmarked(config jetstream.StreamConfig) jetstream.StreamConfig {
	config.Subjects = []string{logSubjects}
	config.SubjectTransform, config.RePublish = nil, sentAround()
	config.Metadata = maps.Clone(config.Metadata)
	maps.DeleteFunc(config.Metadata, func(name, _ string) bool {
		return name == restoreMark || strings.HasPrefix(name, "_nats.") // the server's own
	})
	return config
}
