package notice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type strictSample struct {
	Name  string         `json:"name,omitzero"`
	N     int64          `json:"n,omitzero"`
	Inner *strictSample  `json:"inner,omitzero"`
	List  []strictSample `json:"list,omitzero"`
	Flag  bool           `json:"flag,omitzero"`
	Map   map[string]int `json:"map,omitzero"`
}

func TestDecodeStrict(t *testing.T) {
	nest := func(depth int) string {
		return strings.Repeat(`{"inner":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1)
	}
	fill := func(size int) string {
		return `{"name":"` + strings.Repeat("x", size-len(`{"name":""}`)) + `"}`
	}
	for _, c := range []struct{ name, data, rule string }{
		{"empty object", `{}`, ""},
		{"white space", " \t\r\n{ } \n", ""},
		{"escaped name", `{"\u006eame":"x"}`, ""},
		{"surrogate pair", `{"name":"\ud83d\ude00"}`, ""},
		{"largest integer", `{"n":9007199254740991}`, ""},
		{"smallest integer", `{"n":-9007199254740991}`, ""},
		{"deepest", nest(MaxDepth), ""},
		{"biggest", fill(MaxPayload), ""},
		{"free names", `{"map":{"a":1,"A":2}}`, ""},

		{"nothing", ``, "json.syntax"},
		{"cut short", `{"name":"x"`, "json.syntax"},
		{"byte order mark", "\ufeff{}", "json.syntax"},
		{"trailing brace", `{}}`, "json.syntax"},
		{"trailing value", `{} {}`, "json.syntax"},
		{"trailing word", `{}x`, "json.syntax"},
		{"comment", `{/**/}`, "json.syntax"},
		{"trailing comma", `{"name":"x",}`, "json.syntax"},
		{"control character", "{\"name\":\"\n\"}", "json.syntax"},
		{"leading zero", `{"n":01}`, "json.syntax"},
		{"plus sign", `{"n":+1}`, "json.syntax"},
		{"not UTF-8", "{\"name\":\"\xff\"}", "json.text"},
		{"lone high surrogate", `{"name":"\ud800"}`, "json.text"},
		{"lone low surrogate", `{"name":"\udc00x"}`, "json.text"},
		{"encoded surrogate", "{\"name\":\"\xed\xa0\x80\"}", "json.text"},
		{"noncharacter FFFE", `{"name":"\ufffe"}`, "json.text"},
		{"noncharacter FDD0", `{"name":"\ufdd0"}`, "json.text"},
		{"noncharacter in a name", `{"\uffff":"x"}`, "json.text"},
		{"noncharacter 1FFFF", `{"name":"\ud83f\udfff"}`, "json.text"},
		{"duplicate", `{"name":"x","name":"x"}`, "json.duplicate"},
		{"duplicate, escaped", `{"name":"x","\u006eame":"y"}`, "json.duplicate"},
		{"duplicate in a map", `{"map":{"a":1,"a":1}}`, "json.duplicate"},
		{"unknown", `{"nam":"x"}`, "json.unknown"},
		{"unknown within", `{"inner":{"nam":"x"}}`, "json.unknown"},
		{"wrong case", `{"Name":"x"}`, "json.unknown"},
		{"wrong case of a rune that folds", `{"ﬂag":true}`, "json.unknown"},
		{"null member", `{"name":null}`, "json.null"},
		{"null item", `{"list":[null]}`, "json.null"},
		{"null in all", `null`, "json.null"},
		{"fraction", `{"n":1.5}`, "json.number"},
		{"fraction of none", `{"n":1.0}`, "json.number"},
		{"exponent", `{"n":1e3}`, "json.number"},
		{"minus zero", `{"n":-0}`, "json.number"},
		{"too large", `{"n":9007199254740992}`, "json.number"},
		{"too small", `{"n":-9007199254740992}`, "json.number"},
		{"far too large", `{"n":100000000000000000000000}`, "json.number"},
		{"text for a number", `{"n":"1"}`, "json.type"},
		{"number for a text", `{"name":1}`, "json.type"},
		{"object for a list", `{"list":{}}`, "json.type"},
		{"text in all", `"x"`, "json.type"},
		{"list in all", `[]`, "json.type"},
		{"too deep", nest(MaxDepth + 1), "json.depth"},
		{"too deep, in lists", `{"list":[{"list":[{"list":[{"list":[{"list":[]}]}]}]}]}`, "json.depth"},
		{"too big", fill(MaxPayload + 1), "json.size"},
		{"too big by space", fill(MaxPayload) + " ", "json.size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := decodeStrict([]byte(c.data), new(strictSample))
			if c.rule == "" {
				require.NoError(t, err)
				return
			}
			var broken *RuleError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, c.rule, broken.Rule, err)
		})
	}
}

// TestDecodeStrictSaysWhere holds that an author can find what to mend.
func TestDecodeStrictSaysWhere(t *testing.T) {
	for data, where := range map[string]string{
		`{"list":[{},{"nam":"x"}]}`:           `/list/1/nam`,
		`{"list":[{},{"n":"x"}]}`:             `/list/1/n`,
		`{"list":[{},{"n":1.5}]}`:             `/list/1/n`,
		`{"list":[{},{"n":null}]}`:            `/list/1/n`,
		`{"list":[{},{"n":1,"n":2}]}`:         `"n" within "/list/1"`,
		`{"list":[{},{"name":"\ud800"}]}`:     `/list/1/name`,
		`{"list":[{},{"name":"\uffff"}]}`:     `/list/1/name`,
		`{"n":9007199254740993}`:              `/n`,
		"{\"list\":[{},{\"name\":\"\xff\"}]}": `/list/1/name`,
	} {
		require.ErrorContains(t, decodeStrict([]byte(data), new(strictSample)), where, data)
	}
}
