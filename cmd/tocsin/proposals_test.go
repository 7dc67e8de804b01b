package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
)

// What is not a notice is named in words, and an unknown type as it is.
func TestProposalTitles(t *testing.T) {
	for _, payloadType := range []string{notice.TypeKeyset, notice.TypeContacts, notice.TypePosture, notice.TypeRedaction} {
		e := &notice.Envelope{PayloadType: payloadType, Payload: []byte("{}")}
		words := proposalWords(client.Proposal{Identifier: "x-2", PayloadType: payloadType, Envelope: e.Marshal()})
		require.NotContains(t, words, "application/")
		require.Regexp(t, `^x-2  an? [a-z ]+|^x-2  contact cards`, words)
	}
	require.Equal(t, "text/x", title(client.Proposal{PayloadType: "text/x"}))
}
