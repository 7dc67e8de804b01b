package client

import "tocsin/wire"

// State is what a [Subscriber] knows, for one that comes after it, perhaps in
// another process. It may hold restricted and private notices: whoever keeps it
// answers for that. Its JSON is for this package alone.
type State struct {
	Cursor string `json:"cursor"`
	// Tier and Labels are those of the session that gave the cursor.
	Tier   wire.Tier `json:"tier"`
	Labels []string  `json:"labels"`
	// Held are the signed documents that hold, in the order to be folded.
	Held []Held `json:"held"`
}

// Held is one entry of the log.
type Held struct {
	Seq  uint64 `json:"seq"`
	Body []byte `json:"body"`
}
