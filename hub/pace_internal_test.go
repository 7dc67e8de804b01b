package hub

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// Two desks that sign with one key are noticed, whatever their clocks say, unless they say the
// same: then nobody is the worse for it. One desk that is started again now and then is not two.
func TestTwoDesksWithOneKey(t *testing.T) {
	begin := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var now time.Time
	hear := func(p *pace, at time.Duration) (told []string) {
		now = begin.Add(at)
		h := notice.SignedHead{KeyID: "0a1b", Said: now.Truncate(time.Second)}
		p.heard(h, now, func(id string, shared bool) { told = append(told, fmt.Sprint(id, shared)) })
		return told
	}
	for _, behind := range []time.Duration{
		time.Second, 5 * time.Second, 9900 * time.Millisecond, time.Minute, time.Hour, -time.Minute,
	} {
		var p pace
		var told []string
		for i := range time.Duration(18) { // three minutes
			told = append(told, hear(&p, i*10*time.Second)...)
			told = append(told, hear(&p, i*10*time.Second+30*time.Millisecond-behind)...)
		}
		require.Equal(t, []string{"0a1btrue"}, told, behind)
		require.Equal(t, []string{"0a1b"}, p.shared(now))
		last := p.keys["0a1b"].said
		later := now.Add(notice.HeadLag)
		p.heard(notice.SignedHead{KeyID: "0a1b", Said: last}, later, func(string, bool) { t.Error("the same again") })
		require.Empty(t, p.shared(later), "it is no longer used")
		for i := range time.Duration(60) { // the second is given a key of its own
			told = append(told, hear(&p, (100+i)*10*time.Second)...)
		}
		require.Equal(t, []string{"0a1btrue", "0a1bfalse"}, told, behind)
		require.Empty(t, p.shared(now))
	}

	var p pace
	at := time.Duration(0)
	for range 50 {
		for range 6 { // a minute, and then a restart within two seconds
			at += 10 * time.Second
			require.Empty(t, hear(&p, at))
			require.Empty(t, hear(&p, at), "the same again")
		}
		at += 2 * time.Second
		require.Empty(t, hear(&p, at))
	}
	at -= time.Hour // a clock that was set back
	require.Empty(t, hear(&p, at))
	for i := range time.Duration(10) { // other keys are other desks
		require.Empty(t, hear(&p, at+(i+1)*10*time.Second))
		p.heard(notice.SignedHead{KeyID: "ffff", Said: begin.Add(i * 10 * time.Second)}, now, func(string, bool) { t.Error("two desks with two keys") })
	}
	require.Empty(t, p.shared(now))
}
