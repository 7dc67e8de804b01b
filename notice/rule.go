package notice

import "fmt"

// RuleError says which rule a document breaks. Every refusal that follows from
// docs/protocol.md is one, so that the desk's answer, the metrics and the golden
// vectors name it alike.
type RuleError struct {
	// Rule is a stable dotted name, such as "info.language"; a bounded set.
	Rule string
	// Detail says what is wrong, in words, for the person who has to mend it. It
	// may quote the document: it is for its author, not for a log.
	Detail string
}

// Error gives the rule and the detail.
func (e *RuleError) Error() string { return e.Rule + ": " + e.Detail }

// broken makes a RuleError.
func broken(rule, format string, args ...any) *RuleError {
	return &RuleError{Rule: rule, Detail: fmt.Sprintf(format, args...)}
}
