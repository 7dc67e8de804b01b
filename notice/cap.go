package notice

// The codec to and from CAP XML is one description of CAP's elements (this file),
// read by one reader (cap_read.go) and written by one writer (cap_write.go), so that
// neither can know an element that the other does not. It knows no rules: what a
// value may be is [Check]'s matter.

// MaxCAP is the size in bytes of a CAP file that is read.
const MaxCAP = 1 << 20

const (
	capNamespace       = "urn:oasis:names:tc:emergency:cap:1.2"
	signatureNamespace = "http://www.w3.org/2000/09/xmldsig#"
	schemaInstance     = "http://www.w3.org/2001/XMLSchema-instance"
)

// element is one kind of child of T's element, in the order of the schema.
type element[T any] struct {
	space string
	name  string // empty: any of the namespace
	many  bool
	// read reads what follows the start tag, through the end tag.
	read func(r *capReader, into *T) error
	// write writes all elements of this kind that T has.
	write func(w *capWriter, from *T)
}

// required is an element with text that is there even if empty.
func required[T any, S ~string](name string, field func(*T) *S) element[T] {
	e := optional(name, field)
	e.write = func(w *capWriter, from *T) { w.text(name, string(*field(from))) }
	return e
}

// optional is an element with text. An empty one says the same as none.
func optional[T any, S ~string](name string, field func(*T) *S) element[T] {
	return element[T]{
		space: capNamespace, name: name,
		read: func(r *capReader, into *T) error {
			text, err := r.text(name)
			*field(into) = S(text)
			return err
		},
		write: func(w *capWriter, from *T) {
			if text := *field(from); text != "" {
				w.text(name, string(text))
			}
		},
	}
}

// repeated is an element with text that may occur many times.
func repeated[T any](name string, field func(*T) *[]string) element[T] {
	return element[T]{
		space: capNamespace, name: name, many: true,
		read: func(r *capReader, into *T) error {
			text, err := r.text(name)
			*field(into) = append(*field(into), text)
			return err
		},
		write: func(w *capWriter, from *T) {
			for _, text := range *field(from) {
				w.text(name, text)
			}
		},
	}
}

// list is an element with a list in its text (cap_list.go).
func list[T any](name string, field func(*T) *[]string) element[T] {
	return element[T]{
		space: capNamespace, name: name,
		read: func(r *capReader, into *T) error {
			text, err := r.text(name)
			if err != nil {
				return err
			}
			*field(into), err = splitList(text)
			return r.located(err)
		},
		write: func(w *capWriter, from *T) {
			if items := *field(from); len(items) > 0 {
				text, err := joinList(items)
				w.fail(name, err)
				w.text(name, text)
			}
		},
	}
}

// group is an element with elements, which may occur many times.
func group[T, U any](name string, members []element[U], field func(*T) *[]U) element[T] {
	return element[T]{
		space: capNamespace, name: name, many: true,
		read: func(r *capReader, into *T) error {
			var u U
			err := readMembers(r, name, members, &u)
			*field(into) = append(*field(into), u)
			return err
		},
		write: func(w *capWriter, from *T) {
			for i := range *field(from) {
				w.open(name)
				for _, m := range members {
					m.write(w, &(*field(from))[i])
				}
				w.close(name)
			}
		},
	}
}

// CAP 1.2, section 3.4 (CAP-v1.2.xsd), element by element.
var (
	capAlert = []element[Notice]{
		required("identifier", func(n *Notice) *string { return &n.Identifier }),
		required("sender", func(n *Notice) *string { return &n.Sender }),
		required("sent", func(n *Notice) *DateTime { return &n.Sent }),
		required("status", func(n *Notice) *Status { return &n.Status }),
		required("msgType", func(n *Notice) *MsgType { return &n.MsgType }),
		optional("source", func(n *Notice) *string { return &n.Source }),
		required("scope", func(n *Notice) *Scope { return &n.Scope }),
		optional("restriction", func(n *Notice) *string { return &n.Restriction }),
		list("addresses", func(n *Notice) *[]string { return &n.Addresses }),
		repeated("code", func(n *Notice) *[]string { return &n.Code }),
		optional("note", func(n *Notice) *string { return &n.Note }),
		list("references", func(n *Notice) *[]string { return &n.References }),
		list("incidents", func(n *Notice) *[]string { return &n.Incidents }),
		group("info", capInfo, func(n *Notice) *[]Info { return &n.Info }),
		signature(func(n *Notice) *[]string { return &n.Signature }),
	}
	capInfo = []element[Info]{
		optional("language", func(i *Info) *string { return &i.Language }),
		repeated("category", func(i *Info) *[]string { return &i.Category }),
		required("event", func(i *Info) *string { return &i.Event }),
		repeated("responseType", func(i *Info) *[]string { return &i.ResponseType }),
		required("urgency", func(i *Info) *string { return &i.Urgency }),
		required("severity", func(i *Info) *Severity { return &i.Severity }),
		required("certainty", func(i *Info) *string { return &i.Certainty }),
		optional("audience", func(i *Info) *string { return &i.Audience }),
		group("eventCode", capPair, func(i *Info) *[]ValuePair { return &i.EventCode }),
		optional("effective", func(i *Info) *DateTime { return &i.Effective }),
		optional("onset", func(i *Info) *DateTime { return &i.Onset }),
		optional("expires", func(i *Info) *DateTime { return &i.Expires }),
		optional("senderName", func(i *Info) *string { return &i.SenderName }),
		optional("headline", func(i *Info) *string { return &i.Headline }),
		optional("description", func(i *Info) *string { return &i.Description }),
		optional("instruction", func(i *Info) *string { return &i.Instruction }),
		optional("web", func(i *Info) *string { return &i.Web }),
		optional("contact", func(i *Info) *string { return &i.Contact }),
		group("parameter", capPair, func(i *Info) *[]ValuePair { return &i.Parameter }),
		group("resource", capResource, func(i *Info) *[]Resource { return &i.Resource }),
		group("area", capArea, func(i *Info) *[]Area { return &i.Area }),
	}
	capPair = []element[ValuePair]{
		required("valueName", func(p *ValuePair) *string { return &p.ValueName }),
		required("value", func(p *ValuePair) *string { return &p.Value }),
	}
	capResource = []element[Resource]{
		required("resourceDesc", func(r *Resource) *string { return &r.ResourceDesc }),
		required("mimeType", func(r *Resource) *string { return &r.MimeType }),
		optional("size", func(r *Resource) *string { return &r.Size }),
		optional("uri", func(r *Resource) *string { return &r.URI }),
		optional("derefUri", func(r *Resource) *string { return &r.DerefURI }),
		optional("digest", func(r *Resource) *string { return &r.Digest }),
	}
	capArea = []element[Area]{
		required("areaDesc", func(a *Area) *string { return &a.AreaDesc }),
		repeated("polygon", func(a *Area) *[]string { return &a.Polygon }),
		repeated("circle", func(a *Area) *[]string { return &a.Circle }),
		group("geocode", capPair, func(a *Area) *[]ValuePair { return &a.Geocode }),
		optional("altitude", func(a *Area) *string { return &a.Altitude }),
		optional("ceiling", func(a *Area) *string { return &a.Ceiling }),
	}
)
