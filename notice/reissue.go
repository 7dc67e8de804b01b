package notice

import "slices"

// Names of the parameters that keep what a re-issued message was called.
const (
	ParameterOriginalIdentifier = "originalIdentifier"
	ParameterOriginalSender     = "originalSender"
	ParameterOriginalSent       = "originalSent"
)

// ReissueOptions say what a re-issued notice has of its own.
type ReissueOptions struct {
	Identifier string   // a UUIDv7; required
	Sent       DateTime // required
	Sender     string   // empty: the original's
	// Expires, if there is one, replaces that of every info block.
	Expires DateTime
	// References name the messages of a thread here. An Update or Cancel needs
	// them: those of the original are to messages that nobody here holds.
	References []string
}

// Reissue makes a notice that can be published from a foreign CAP message: with a
// new identifier and sent, and the original ones as parameters of every info block,
// except for one that has them from an earlier re-issue. It drops XML signatures,
// which are over other bytes. The new notice shares no slice that either changes
// with n. It fails without Identifier or Sent, with rules of those names, and with
// "references.required" for an Update or Cancel without References; all else is for
// [Check].
func Reissue(n *Notice, o ReissueOptions) (*Notice, error) {
	if o.Identifier == "" {
		return nil, broken("identifier", "a re-issued notice needs one of its own")
	}
	if _, err := o.Sent.Time(); err != nil {
		return nil, broken("sent", "%v", err)
	}
	if n.MsgType != MsgAlert && len(o.References) == 0 {
		return nil, broken("references.required", "an %s is re-issued only into a thread that is here", n.MsgType)
	}
	out := *n
	out.Signature = nil
	out.Identifier, out.Sent, out.References = o.Identifier, o.Sent, slices.Clone(o.References)
	if o.Sender != "" {
		out.Sender = o.Sender
	}
	out.Info = slices.Clone(n.Info)
	for i := range out.Info {
		info := &out.Info[i]
		if !o.Expires.IsZero() {
			info.Expires = o.Expires
		}
		info.Parameter = withOriginals(info.Parameter, n)
	}
	return &out, nil
}

// withOriginals returns the parameters and, where they do not say it yet, n's names.
func withOriginals(parameters []ValuePair, n *Notice) []ValuePair {
	parameters = slices.Clone(parameters)
	for _, original := range []ValuePair{
		{ParameterOriginalIdentifier, n.Identifier},
		{ParameterOriginalSender, n.Sender},
		{ParameterOriginalSent, string(n.Sent)},
	} {
		has := func(p ValuePair) bool { return p.ValueName == original.ValueName }
		if original.Value != "" && !slices.ContainsFunc(parameters, has) {
			parameters = append(parameters, original)
		}
	}
	return parameters
}
