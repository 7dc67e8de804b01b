package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// A backup of a log that is damaged, or not wholly there, is made, says so, and never takes
// the place of a better one.
func TestBackupOfADoubtfulLog(t *testing.T) {
	staff := noticetest.NewStaff(t)
	good := func() *broker.Copy {
		return &broker.Copy{Epoch: "0a0b0c0d", Last: 1, Time: time.Now(), Entries: []notice.Entry{
			{Seq: 1, Subject: notice.SubjectKeyset, Body: staff.KeysetBody(1)},
		}}
	}
	doubtful, damaged := good(), good()
	doubtful.Doubt = errors.New("no majority of the log's replicas is online")
	damaged.Last = 2
	dir := t.TempDir()
	keep := func(name string, replace bool, c *broker.Copy) (string, error) {
		var out bytes.Buffer
		cmd := backupCmd{File: filepath.Join(dir, name), Replace: replace}
		err := cmd.keep(console{Out: &out, Err: t.Output()}, c, c.Review(staff.Trust(), false))
		return out.String(), err
	}
	_, err := keep("good", false, good())
	require.NoError(t, err)
	before, err := os.ReadFile(filepath.Join(dir, "good"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		copy      *broker.Copy
		says, why string
	}{
		"doubtful": {doubtful, "DOUBTFUL  no majority", "Start the NATS servers that are down"},
		"damaged":  {damaged, "MISSING   2", "tocsin broker repair --help"},
	} {
		out, err := keep(name, false, c.copy)
		require.ErrorContains(t, err, c.why)
		require.Contains(t, out, c.says)
		_, err = readBackup(filepath.Join(dir, name))
		require.NoError(t, err, "it may be all that is left")

		_, err = keep("good", true, c.copy)
		require.ErrorContains(t, err, "good was kept")
		require.ErrorContains(t, err, c.why)
		after, err := os.ReadFile(filepath.Join(dir, "good"))
		require.NoError(t, err)
		require.Equal(t, before, after)
		_, err = keep(name+" anew", true, c.copy)
		require.ErrorContains(t, err, c.why)
		require.FileExists(t, filepath.Join(dir, name+" anew"))
	}
	_, err = keep("doubtful", true, good())
	require.NoError(t, err)
}

// A log that may be whole on servers that do not answer is not made anew.
func TestRepairOfADoubtfulLog(t *testing.T) {
	doubtful := &broker.Copy{Doubt: errors.New("no majority of the log's replicas is online")}
	repair := &broker.Repair{Review: &broker.Review{}, Filled: []broker.Found{{Seq: 1}}}
	err := repairCmd{Yes: true}.act(t.Context(), console{}, nil, doubtful, repair, nil)
	require.ErrorContains(t, err, "nothing was changed")
	require.ErrorContains(t, err, "no majority")
}
