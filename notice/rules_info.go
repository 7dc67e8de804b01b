package notice

import (
	"regexp"
	"strings"
	"time"
)

// checkInfos checks the info blocks, each and together.
func checkInfos(n *Notice) error {
	least := 1
	if n.MsgType == MsgCancel {
		least = 0
	}
	if len(n.Info) < least || len(n.Info) > MaxInfo {
		return broken("info.count", "%d info blocks, where %d to %d are allowed", len(n.Info), least, MaxInfo)
	}
	languages := map[string]bool{}
	for i := range n.Info {
		info := &n.Info[i]
		for _, rule := range []func(*Info) *RuleError{checkInfo, checkPairs, checkResources, checkAreas} {
			if err := rule(info); err != nil {
				return broken(err.Rule, "info[%d]: %s", i, err.Detail)
			}
		}
		language := foldASCII(info.language())
		if languages[language] {
			return broken("info.languages", "info[%d]: %s occurs twice", i, language)
		}
		languages[language] = true
		if first := &n.Info[0]; info.Urgency != first.Urgency || info.Severity != first.Severity ||
			info.Certainty != first.Certainty || info.Expires != first.Expires {
			return broken("info.agree", "info[%d]: urgency, severity, certainty or expires differs from info[0]'s", i)
		}
	}
	if len(n.Info) == 0 {
		return nil
	}
	return checkExpires(n) // of all blocks, since they agree
}

// language is the tag that holds: CAP's default where there is none.
func (i *Info) language() string {
	if i.Language == "" {
		return "en-US"
	}
	return i.Language
}

// foldASCII lowers A to Z and nothing else, so that it is the same everywhere.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// languageTag is a well-formed "langtag" of BCP 47 (RFC 5646, section 2.1): language
// with extlang, script, region, variants, extensions, private use. Grandfathered
// tags and tags of private use alone are left out.
var languageTag = regexp.MustCompile(`^(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})` +
	`(?:-[A-Za-z]{4})?` +
	`(?:-(?:[A-Za-z]{2}|[0-9]{3}))?` +
	`(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*` +
	`(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*` +
	`(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?$`)

// The values of CAP 1.2, section 3.2.2.
var (
	categories = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env",
		"Transport", "Infra", "CBRNE", "Other"}
	responseTypes = []string{"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor",
		"Assess", "AllClear", "None"}
	urgencies   = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities  = []Severity{SeverityExtreme, SeveritySevere, SeverityModerate, SeverityMinor, SeverityUnknown}
	certainties = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

// checkInfo checks an info block's own members.
func checkInfo(info *Info) *RuleError {
	if !languageTag.MatchString(info.language()) {
		return broken("info.language", "%q is not a language tag of BCP 47", info.Language)
	}
	if len(info.Category) == 0 {
		return broken("info.category", "there is none")
	}
	for _, c := range info.Category {
		if err := oneOf("info.category", c, categories...); err != nil {
			return err
		}
	}
	if info.Event == "" {
		return broken("info.event", "there is none")
	}
	for _, r := range info.ResponseType {
		if err := oneOf("info.responseType", r, responseTypes...); err != nil {
			return err
		}
	}
	if err := oneOf("info.urgency", info.Urgency, urgencies...); err != nil {
		return err
	}
	if err := oneOf("info.severity", info.Severity, severities...); err != nil {
		return err
	}
	if err := oneOf("info.certainty", info.Certainty, certainties...); err != nil {
		return err
	}
	for _, t := range []struct {
		rule string
		at   DateTime
	}{{"info.effective", info.Effective}, {"info.onset", info.Onset}, {"info.expires", info.Expires}} {
		if err := optionalTime(t.rule, t.at); err != nil {
			return err
		}
	}
	return nil
}

func optionalTime(rule string, d DateTime) *RuleError {
	if d.IsZero() {
		return nil
	}
	if _, err := d.Time(); err != nil {
		return broken(rule, "%v", err)
	}
	return nil
}

// checkPairs checks eventCode and parameter.
func checkPairs(info *Info) *RuleError {
	for _, pair := range info.EventCode {
		if pair.ValueName == "" || pair.Value == "" {
			return broken("info.eventCode", "valueName or value is empty")
		}
	}
	for _, pair := range info.Parameter {
		if pair.ValueName == "" || pair.Value == "" {
			return broken("info.parameter", "valueName or value is empty")
		}
		if pair.ValueName == ParameterNextUpdateBy {
			if err := optionalTime("parameter.nextUpdateBy", DateTime(pair.Value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Numbers that XML Schema reads, within what is sensible; they stay text.
var (
	wholeNumber   = regexp.MustCompile(`^[0-9]{1,15}$`)
	decimalNumber = regexp.MustCompile(`^-?[0-9]{1,9}(?:\.[0-9]{1,9})?$`)
)

func checkResources(info *Info) *RuleError {
	for _, r := range info.Resource {
		if r.ResourceDesc == "" || r.MimeType == "" {
			return broken("info.resource", "resourceDesc or mimeType is empty")
		}
		if r.Size != "" && !wholeNumber.MatchString(r.Size) {
			return broken("info.resource", "size %q is not a number of bytes", r.Size)
		}
	}
	return nil
}

func checkAreas(info *Info) *RuleError {
	for _, a := range info.Area {
		if a.AreaDesc == "" {
			return broken("info.area", "areaDesc is empty")
		}
		for _, pair := range a.Geocode {
			if pair.ValueName == "" || pair.Value == "" {
				return broken("info.area", "a geocode's valueName or value is empty")
			}
		}
		for _, number := range []string{a.Altitude, a.Ceiling} {
			if number != "" && !decimalNumber.MatchString(number) {
				return broken("info.area", "%q is not a decimal number", number)
			}
		}
	}
	return nil
}

// maxLifetime is how long after sent a notice may expire.
const maxLifetime = 400 * 24 * time.Hour

// checkExpires checks when the notice ends; its times are well-formed by now.
func checkExpires(n *Notice) error {
	expires := n.Info[0].Expires
	if expires.IsZero() {
		if n.MsgType == MsgCancel {
			return nil
		}
		return broken("expires.required", "%s without expires", n.MsgType)
	}
	sent, err := n.Sent.Time()
	if err != nil {
		return err
	}
	end, err := expires.Time()
	if err != nil {
		return err
	}
	if !end.After(sent) {
		return broken("expires.order", "%s is not after sent", expires)
	}
	if end.Sub(sent) > maxLifetime {
		return broken("expires.limit", "%s is more than 400 days after sent", expires)
	}
	return nil
}
