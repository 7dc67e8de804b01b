package notice

// Limits of a signed document (docs/protocol.md, "Signed documents").
const (
	// MaxPayload is the size of a payload in bytes: room for 24 languages.
	MaxPayload = 32 << 10
	// MaxBody is the size of one log entry in bytes, and the stream's MaxMsgSize.
	MaxBody = 128 << 10
	// MaxDepth is how deep objects and arrays nest, the outermost counted.
	MaxDepth = 8
	// MaxInfo is the number of info blocks, one for each language.
	MaxInfo = 24
)

// Status is how a notice is to be handled (CAP 1.2, section 3.2.1, "status").
// Rules allow Actual, Exercise and Test; the codec carries all of CAP's.
type Status string

// The statuses of CAP 1.2.
const (
	StatusActual   Status = "Actual"
	StatusExercise Status = "Exercise"
	StatusSystem   Status = "System"
	StatusTest     Status = "Test"
	StatusDraft    Status = "Draft"
)

// MsgType is the nature of a message (CAP 1.2, section 3.2.1, "msgType").
// Rules allow Alert, Update and Cancel.
type MsgType string

// The message types of CAP 1.2.
const (
	MsgAlert  MsgType = "Alert"
	MsgUpdate MsgType = "Update"
	MsgCancel MsgType = "Cancel"
	MsgAck    MsgType = "Ack"
	MsgError  MsgType = "Error"
)

// Scope is the tier that a reader needs (CAP 1.2, section 3.2.1, "scope").
type Scope string

// The scopes of CAP 1.2, from the widest.
const (
	ScopePublic     Scope = "Public"
	ScopeRestricted Scope = "Restricted"
	ScopePrivate    Scope = "Private"
)

// Severity is CAP 1.2's "severity" (section 3.2.2).
type Severity string

// The severities of CAP 1.2, the gravest first.
const (
	SeverityExtreme  Severity = "Extreme"
	SeveritySevere   Severity = "Severe"
	SeverityModerate Severity = "Moderate"
	SeverityMinor    Severity = "Minor"
	SeverityUnknown  Severity = "Unknown"
)

// Names of parameters that have a meaning here; all others are carried.
const (
	// ParameterDirective names a flow that clients stop, such as "pause-booking".
	// It acts in status Actual only.
	ParameterDirective = "directive"
	// ParameterNextUpdateBy is the time (DateTime) of the next word on the matter.
	ParameterNextUpdateBy = "nextUpdateBy"
)

// Notice is one message of CAP 1.2 (section 3.2.1, "alert"), as JSON with CAP's
// own names and values. It holds whatever CAP can say; [Check] tells whether
// Tocsin publishes it.
type Notice struct {
	// Identifier is a UUIDv7 in what Tocsin publishes; unique for the sender.
	Identifier string   `json:"identifier"`
	Sender     string   `json:"sender"`
	Sent       DateTime `json:"sent"`
	Status     Status   `json:"status"`
	MsgType    MsgType  `json:"msgType"`
	Source     string   `json:"source,omitzero"`
	Scope      Scope    `json:"scope"`
	// Restriction says in words to whom a Restricted notice is limited.
	Restriction string `json:"restriction,omitzero"`
	// Addresses are labels, "kind:value" ([Label]); in a foreign CAP file, anything.
	Addresses []string `json:"addresses,omitzero"`
	Code      []string `json:"code,omitzero"`
	// Note says why: of a Cancel, and of what a break-glass key signs.
	Note string `json:"note,omitzero"`
	// References names earlier messages as "sender,identifier,sent", the thread's
	// Alert first.
	References []string `json:"references,omitzero"`
	Incidents  []string `json:"incidents,omitzero"`
	Info       []Info   `json:"info,omitzero"`
	// Signature holds enveloped XML signatures (xmldsig) of a foreign CAP file,
	// verbatim. They prove nothing here, and no published notice has one.
	Signature []string `json:"signature,omitzero"`
}

// Info is the notice in one language (CAP 1.2, section 3.2.2).
type Info struct {
	// Language is a BCP 47 tag; empty means CAP's default, en-US.
	Language     string      `json:"language,omitzero"`
	Category     []string    `json:"category"`
	Event        string      `json:"event"`
	ResponseType []string    `json:"responseType,omitzero"`
	Urgency      string      `json:"urgency"`
	Severity     Severity    `json:"severity"`
	Certainty    string      `json:"certainty"`
	Audience     string      `json:"audience,omitzero"`
	EventCode    []ValuePair `json:"eventCode,omitzero"`
	Effective    DateTime    `json:"effective,omitzero"`
	Onset        DateTime    `json:"onset,omitzero"`
	Expires      DateTime    `json:"expires,omitzero"`
	SenderName   string      `json:"senderName,omitzero"`
	Headline     string      `json:"headline,omitzero"`
	Description  string      `json:"description,omitzero"`
	Instruction  string      `json:"instruction,omitzero"`
	Web          string      `json:"web,omitzero"`
	Contact      string      `json:"contact,omitzero"`
	Parameter    []ValuePair `json:"parameter,omitzero"`
	Resource     []Resource  `json:"resource,omitzero"`
	Area         []Area      `json:"area,omitzero"`
}

// ValuePair is CAP's pair of valueName and value, used by eventCode, parameter
// and geocode.
type ValuePair struct {
	ValueName string `json:"valueName"`
	Value     string `json:"value"`
}

// Resource is CAP's reference to a further file (section 3.2.3); carried, not
// interpreted.
type Resource struct {
	ResourceDesc string `json:"resourceDesc"`
	MimeType     string `json:"mimeType"`
	Size         string `json:"size,omitzero"`
	URI          string `json:"uri,omitzero"`
	DerefURI     string `json:"derefUri,omitzero"`
	Digest       string `json:"digest,omitzero"`
}

// Area is CAP's place (section 3.2.4); carried, not interpreted. Numbers stay
// text, so that none is rounded.
type Area struct {
	AreaDesc string      `json:"areaDesc"`
	Polygon  []string    `json:"polygon,omitzero"`
	Circle   []string    `json:"circle,omitzero"`
	Geocode  []ValuePair `json:"geocode,omitzero"`
	Altitude string      `json:"altitude,omitzero"`
	Ceiling  string      `json:"ceiling,omitzero"`
}

// Reference names the notice as CAP does in references: "sender,identifier,sent".
func (n *Notice) Reference() string {
	return n.Sender + "," + n.Identifier + "," + string(n.Sent)
}

// Decode reads a notice from the payload of an envelope. It knows the form only;
// [Check] knows the rules. Errors are *RuleError with a rule that begins "json.".
func Decode(payload []byte) (*Notice, error) {
	n := new(Notice)
	if err := decodeStrict(payload, n); err != nil {
		return nil, err
	}
	return n, nil
}

// Encode writes a notice as the payload that is signed. Errors are as of [Decode]:
// too big, or text that is not Unicode.
func Encode(n *Notice) ([]byte, error) { return encodeStrict(n) }
