package hub

import (
	"log/slog"

	"tocsin/notice"
)

// adopt hands on the posture that l holds, if it is another one than is known. It is
// called before anything of l is shown to sessions, with mu held.
//
// What this node knows outlives the log that it came from: a log that lacks it, or has
// only an older one, was cut back by someone with the broker's password, or restored
// from a backup, and must not let void credentials in again. The known posture gives
// way to a higher version, or when the log's keyset no longer supports it; an older
// keyset than is known decides neither, since it may not have had today's operators yet,
// and may still have those of before.
func (h *Hub) adopt(l *history) {
	now := l.board.PostureEntry()
	older := true
	if ks := l.board.Keyset(); ks != nil && ks.Version >= h.keyset {
		h.keyset, older = ks.Version, false
	}
	switch {
	case now == nil && h.posture == nil:
		return
	case now != nil && h.posture != nil && now.Hash == h.posture.Hash:
		h.posture, h.rolledBack = now, false
		return
	case h.posture != nil && (older || supports(l.board, h.posture)):
		if !h.rolledBack {
			h.rolledBack = true
			h.log.Error("the log lacks the posture that this node knows; it stays in force until a higher version comes",
				slog.Int64("version", postureOf(h.posture).Version))
		}
		return
	}
	h.posture, h.rolledBack = now, false
	p := postureOf(now)
	h.incident.Store(p != nil && p.Incident)
	if p != nil {
		h.log.Info("posture in force", slog.Int64("version", p.Version), slog.Bool("incident", p.Incident))
	} else {
		h.log.Info("no posture in force")
	}
	if h.config.Posture != nil {
		h.config.Posture(p)
	}
}

// supports tells whether b would take the posture a, which it lacks.
func supports(b *notice.Board, a *notice.Accepted) bool {
	_, err := b.Try(a.Body)
	return err == nil
}

// postureOf reads the posture of an entry that a board accepted; nil for none.
func postureOf(a *notice.Accepted) *notice.Posture {
	if a == nil {
		return nil
	}
	p, err := notice.DecodePosture(a.Envelope.Payload)
	if err != nil {
		return nil // the board decoded it
	}
	return p
}
