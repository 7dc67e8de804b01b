package notice

import (
	"regexp"
	"slices"
	"time"
)

// ErrSuperseded: an Update or Cancel does not reference every message that the
// board holds of its thread. Its author has not seen the newest state.
var ErrSuperseded error = &RuleError{"superseded", "the thread has messages that this one does not reference"}

// Bounds of a notice's sent, against the desk's clock at admission. The first leaves
// a day for the second signature.
const (
	maxSentAge   = 24 * time.Hour
	maxSentAhead = 5 * time.Minute
)

// AdmissionContext is what admission knows besides the log.
type AdmissionContext struct {
	Now time.Time
	// AudienceExists tells whether there is such an audience; asked for each address
	// of a kind that must be proven. Nil: all exist.
	AudienceExists func(Label) bool
}

// Admit applies the rules that bind once, at the desk, and need a clock
// (docs/protocol.md, "Admission rules"), after the fold rules, but for the one that
// enough have signed: that is for [Board.Tally] to say, since a proposal waits for
// it. env is n's envelope. Errors are *RuleError, among them ErrSuperseded.
func Admit(n *Notice, env *Envelope, b *Board, c AdmissionContext) error {
	if _, err := b.Tally(env); err != nil {
		return err
	}
	if !uuidV7.MatchString(n.Identifier) {
		return broken("admission.identifier", "%.80q is not a UUIDv7 in lower case", n.Identifier)
	}
	for _, rule := range []func(*Notice) error{
		func(n *Notice) error { return admitTimes(n, c.Now) }, admitTexts, admitRestriction, admitParameters,
	} {
		if err := rule(n); err != nil {
			return err
		}
	}
	for _, s := range env.Signatures {
		if key := b.keyset.Key(s.KeyID); key != nil && !key.ValidAt(c.Now) {
			return broken("admission.key", "the key %s of %s is not valid now", s.KeyID, key.Owner)
		}
	}
	for _, a := range n.Addresses {
		l := Label(a)
		if c.AudienceExists != nil && !Claimable(l.Kind()) && !c.AudienceExists(l) {
			return broken("admission.audience", "there is no audience %q", a)
		}
	}
	return admitToThread(n, b, c.Now)
}

var uuidV7 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func admitTimes(n *Notice, now time.Time) error {
	sent, err := n.Sent.Time()
	if err != nil {
		return err
	}
	if sent.Before(now.Add(-maxSentAge)) || sent.After(now.Add(maxSentAhead)) {
		return broken("admission.sent", "%s is not within 24 h before and 5 min after %s", n.Sent, FormatTime(now))
	}
	if n.MsgType == MsgCancel {
		return nil
	}
	for _, info := range n.Info {
		if expires, err := info.Expires.Time(); err != nil || !expires.After(now) {
			return broken("admission.expires", "%s is past", info.Expires)
		}
	}
	return nil
}

// admitTexts applies [AdmitText] to what its author has written now. The thread's own words,
// which an Update or Cancel repeats, can't be mended any more, and must not keep anybody
// from withdrawing it.
func admitTexts(n *Notice) error {
	own := *n
	own.References = nil
	if n.MsgType != MsgAlert {
		own.Restriction, own.Addresses = "", nil
	}
	return AdmitText(&own)
}

// admitRestriction refuses the words of a limit on what has none: whoever approves
// "staff only" would send it to everyone.
func admitRestriction(n *Notice) error {
	if n.MsgType == MsgAlert && n.Scope == ScopePublic && n.Restriction != "" {
		return broken("admission.restriction", "restriction: a Public notice goes to everyone, so nothing can say that it does not")
	}
	return nil
}

// admitParameters wants what acts to be the same in each language: clients act on the
// parameters of any, and who approves may read just one.
func admitParameters(n *Notice) error {
	values := func(i *Info, name string) []string {
		var list []string
		for _, pair := range i.Parameter {
			if pair.ValueName == name {
				list = append(list, pair.Value)
			}
		}
		slices.Sort(list)
		return list
	}
	for _, name := range []string{ParameterDirective, ParameterNextUpdateBy} {
		for i := range n.Info {
			if !slices.Equal(values(&n.Info[i], name), values(&n.Info[0], name)) {
				return broken("admission.parameters", "info[%d]: the values of parameter %q differ from info[0]'s", i, name)
			}
		}
	}
	return nil
}

// admitToThread wants an Update or Cancel to follow the newest state of a thread
// that still shows: clients that came after its end do not hold its Alert.
func admitToThread(n *Notice, b *Board, now time.Time) error {
	if n.MsgType == MsgAlert {
		return nil
	}
	id, err := n.ThreadID()
	if err != nil {
		return err
	}
	t, ok := b.Thread(id)
	if !ok { // Tally has found it
		return broken("reference.alert", "the board holds no Alert %q", id)
	}
	if t.Cancelled {
		return broken("admission.cancelled", "the notice was withdrawn, which is final")
	}
	for _, m := range t.Messages {
		if !slices.Contains(n.References, m.Notice.Reference()) {
			return ErrSuperseded
		}
	}
	if t.Phase(now) == Over {
		return broken("admission.over", "the notice has ended; publish a new one")
	}
	return nil
}
