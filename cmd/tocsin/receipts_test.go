package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
)

// A thread of any length has receipts: one that is updated every hour for days makes long
// records. Only what is longer than its revisions explain is passed over.
func TestReceiptsOfALongThread(t *testing.T) {
	store := openStore(t)
	r := &receipts{store: store, incarnation: "one", revisions: make(map[string]uint64)}
	for _, revisions := range []int{1, 120, 500} {
		all := make(map[int]hub.Counts)
		for i := range revisions + 1 { // the hub has heard of one more
			all[i] = hub.Counts{Sent: 9_999_999_999, Received: 9_999_999_999, Displayed: 9_999_999_999, Confirmed: 9_999_999_999}
		}
		require.NoError(t, r.Put(t.Context(), "notice", all))
		counts, err := r.Counts(t.Context(), "notice", revisions)
		require.NoError(t, err)
		require.Len(t, counts, revisions)

		body, err := json.Marshal(all)
		require.NoError(t, err)
		body = append(body, bytes.Repeat([]byte(" "), longest(revisions)+1-len(body))...)
		_, err = overwrite(t.Context(), store, "notice.one", body, 0)
		require.NoError(t, err)
		counts, err = r.Counts(t.Context(), "notice", revisions)
		require.NoError(t, err)
		require.Empty(t, counts)
	}
}
