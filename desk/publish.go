package desk

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"tocsin/notice"
)

const (
	// attemptTimeout bounds one append and one wait for the fold, so that others get
	// their turn: longer than a write takes, shorter than what a person waits.
	attemptTimeout = 3 * time.Second
	// retryDelay is the pause after an attempt that may have been written, while the
	// log does not move.
	retryDelay = 200 * time.Millisecond
)

// publication is one envelope on its way into the log.
//
// Every attempt names the head that it expects. So an attempt can succeed in one
// place alone, the one behind that head; once the log has gone past it with
// something else, the attempt has failed for good. And trying again with the same
// head is harmless: one of the two gets the place, the other a conflict.
type publication struct {
	*submission
	act    Record // as last recorded
	body   []byte
	tried  bool // an append was sent
	doubt  bool // an append, perhaps an earlier act's, may yet succeed in the place behind:
	after  uint64
	epoch  string
	landed *landing // guarded by Desk.mu
}

// landing is what the fold made of the publication's own bytes.
type landing struct {
	seq uint64
	err error // why the fold refused them; nil if it accepted
}

// saw notes the publication's own bytes in the log; the caller holds mu.
func (p *publication) saw(e notice.Entry, out notice.Outcome) {
	if bytes.Equal(e.Body, p.body) && (p.landed == nil || p.landed.err != nil) {
		p.landed = &landing{seq: e.Seq, err: out.Err}
	}
}

// publish appends s, whose signatures suffice, and returns its sequence once this
// desk's own fold has accepted it. The rules are applied again before each attempt.
// Errors are problems: errUnavailable if nothing was put into the log nor will be,
// errUnconfirmed if that is not known, errAlready if somebody else published it
// meanwhile, otherwise the rule that no longer holds.
func (d *Desk) publish(ctx context.Context, s *submission) (uint64, error) {
	start := time.Now()
	// Whoever asked may hang up: what was begun is ended all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.config.publishTimeout())
	defer cancel()
	if err := d.config.Log.Available(ctx); err != nil {
		d.metrics.publications.WithLabelValues("unavailable").Inc()
		d.log.Warn("log unavailable", "error", err)
		return 0, errUnavailable.of(s.identifier).with(err.Error())
	}
	p := d.begin(s)
	defer d.end(p)
	seq, err := d.drive(ctx, p)
	outcome := d.conclude(ctx, p, seq, err)
	d.metrics.publications.WithLabelValues(outcome).Inc()
	d.metrics.publishSeconds.Observe(time.Since(start).Seconds())
	return seq, err
}

// begin starts to watch for the publication's bytes. If its fate is still open from
// an earlier time, the same act goes on.
func (d *Desk) begin(s *submission) *publication {
	p := &publication{submission: s, body: s.env.Marshal(), act: Record{
		ID: uuid.Must(uuid.NewV7()).String(), Act: ActPublish,
		Type: s.env.PayloadType, Identifier: s.identifier, Thread: s.thread, SHA256: s.hex(),
	}}
	d.mu.Lock()
	defer d.mu.Unlock()
	if u, ok := d.openFor(s.hex()); ok {
		d.close(u.ID)
		p.act, p.doubt, p.after, p.epoch = u, true, u.After, u.Epoch
	}
	d.watch[p] = struct{}{}
	return p
}

func (d *Desk) end(p *publication) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.watch, p)
}

// errAgain asks drive for another attempt.
var errAgain = errors.New("again")

// drive makes attempts until one is decided or ctx ends.
func (d *Desk) drive(ctx context.Context, p *publication) (uint64, error) {
	for {
		seq, err := d.attempt(ctx, p)
		if !errors.Is(err, errAgain) {
			return seq, err
		}
		if ctx.Err() == nil {
			continue
		}
		if seq, err = d.look(p); !errors.Is(err, errAgain) {
			return seq, err
		}
		if p.doubt {
			return 0, errUnconfirmed.of(p.identifier).with("the desk goes on finding out; to post the same again is safe")
		}
		return 0, errUnavailable.of(p.identifier)
	}
}

// takeTurn waits for the desk's turn; the caller gives it back. Whoever has too little time left
// for an attempt is refused while it waits: it would take the turn in vain from one that has.
// Who is in doubt tries to the end, since no refusal would be true.
func (d *Desk) takeTurn(ctx context.Context, p *publication) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	default:
	}
	waiting, cancel := ctx, func() {}
	if end, bounded := ctx.Deadline(); bounded && !p.doubt {
		waiting, cancel = context.WithDeadline(ctx, end.Add(-min(attemptTimeout, d.config.publishTimeout()/2)))
	}
	defer cancel()
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-waiting.Done():
	}
	if ctx.Err() != nil {
		return errAgain
	}
	return errUnavailable.of(p.identifier).with("more is being published than the log or the desk's disk takes; urgent ones first")
}

// attempt takes the desk's turn and makes one attempt.
func (d *Desk) attempt(ctx context.Context, p *publication) (uint64, error) {
	if err := d.takeTurn(ctx, p); err != nil {
		return 0, err
	}
	defer func() { <-d.turn }()
	if d.await(ctx, func() bool { return d.ready }) != nil { // the log is being replaced
		return 0, errAgain
	}
	seq, err := d.look(p)
	if !errors.Is(err, errAgain) {
		return seq, err
	}
	j, err := d.judgeAgain(p)
	if err != nil {
		return 0, err
	}
	if err := d.intend(ctx, p, j); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return d.append(ctx, p, j)
}

// look says what the fold knows of p: published, refused, or errAgain if it is not
// in the log so far. It settles a doubt that the log has gone past.
func (d *Desk) look(p *publication) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.held[p.hash]; ok {
		if p.tried && bytes.Equal(a.Body, p.body) {
			return a.Seq, nil
		}
		return 0, errAlready.of(p.identifier).at(a.Seq)
	}
	if p.tried && p.landed != nil {
		// Accepted, and void since by a keyset that came right behind; or refused, which
		// the rules did not foresee: to try again could fill the log.
		return p.landed.seq, p.landed.err
	}
	if p.doubt && d.past(p.epoch, p.after) {
		p.doubt = false
	}
	return 0, errAgain
}

// past tells whether the fold has gone past the place behind after, in the log of
// that epoch, or has read to its end a log that replaced it. The caller holds mu.
func (d *Desk) past(epoch string, after uint64) bool {
	if d.epoch != epoch {
		return d.ready
	}
	return d.board.Seq() > after
}

// judgeAgain applies the rules as the board stands now. While an earlier attempt may
// yet succeed, a rule that broke meanwhile decides nothing.
func (d *Desk) judgeAgain(p *publication) (judgement, error) {
	d.mu.Lock()
	ready := d.ready
	j, err := d.judge(p.submission)
	d.mu.Unlock()
	if !ready { // replaced since attempt looked
		return j, errAgain
	}
	if err == nil {
		err = j.tally.Err()
	}
	var already *alreadyError
	switch {
	case err == nil:
		return j, nil
	case errors.As(err, &already): // just now; look tells whose it is
		return j, errAgain
	case p.doubt:
		return j, errUnconfirmed.of(p.identifier).with("the desk goes on finding out; it would not be admitted now")
	}
	return j, d.refusal(p.submission, err)
}

// intend records the attempt before it is made.
func (d *Desk) intend(ctx context.Context, p *publication, j judgement) error {
	act := p.act
	act.Phase, act.Epoch, act.After = PhaseIntended, j.epoch, j.head
	act.Owners, act.BreakGlass = ownersOf(j.tally), j.tally.BreakGlass()
	if err := d.record(ctx, act); err != nil {
		if p.doubt {
			return errUnconfirmed.of(p.identifier)
		}
		return errNotRecorded.of(p.identifier)
	}
	p.act = act
	return nil
}

// append makes the attempt, and waits until the fold says more.
func (d *Desk) append(ctx context.Context, p *publication, j judgement) (uint64, error) {
	d.mu.Lock()
	p.tried = true
	d.mu.Unlock()
	wasDoubt := p.doubt // and then about the same place: look has settled any other
	p.doubt, p.after, p.epoch = true, j.head, j.epoch
	seq, err := d.config.Log.Append(ctx, p.subject, p.body, j.head)
	switch {
	case err == nil:
		// Durable. It is published once our own fold says so.
		_ = d.await(ctx, func() bool { return d.epoch != j.epoch || d.board.Seq() >= seq })
	case errors.Is(err, ErrConflict):
		// The place is taken, perhaps by an earlier attempt of ours. In doubt until the
		// fold shows by what, which costs nothing: it has to be read anyway.
		d.log.Info("append conflicts", "identifier", p.identifier, "after", j.head)
		p.doubt = wasDoubt
		_ = d.await(ctx, func() bool { return d.past(j.epoch, j.head) })
	case errors.Is(err, ErrUnavailable):
		d.log.Warn("append refused", "identifier", p.identifier, "error", err)
		p.doubt = wasDoubt
		if !p.doubt {
			return 0, errUnavailable.of(p.identifier).with(err.Error())
		}
		d.pause(ctx, j)
	default:
		d.log.Warn("append unconfirmed", "identifier", p.identifier, "after", j.head, "error", err)
		d.pause(ctx, j)
	}
	return d.look(p)
}

// pause waits until the log moves, or a little.
func (d *Desk) pause(ctx context.Context, j judgement) {
	ctx, cancel := context.WithTimeout(ctx, retryDelay)
	defer cancel()
	_ = d.await(ctx, func() bool { return d.past(j.epoch, j.head) })
}

// conclude records how the publication ended, and names the outcome.
func (d *Desk) conclude(ctx context.Context, p *publication, seq uint64, err error) string {
	ctx = context.WithoutCancel(ctx)
	act, problem := p.act, problemOf(err)
	outcome := "refused"
	switch {
	case err == nil:
		outcome, act.Phase, act.Seq = "done", PhaseDone, seq
	case problem.Type == errAlready.Type && !p.tried && act.Phase != "":
		outcome, act.Phase, act.Seq = "done", PhaseDone, problem.Seq // an earlier attempt's
	case problem.Type == errAlready.Type:
		outcome, act.Phase, act.Rule, act.Seq = "already", PhaseRefused, "already-published", problem.Seq
	case problem.Type == errUnconfirmed.Type:
		outcome, act.Phase, act.Epoch, act.After = "unknown", PhaseUnknown, p.epoch, p.after
	default:
		act.Phase, act.Rule = PhaseRefused, ruleOf(problem)
		if problem.Status == http.StatusServiceUnavailable {
			outcome = "unavailable"
		}
	}
	if act.Phase == PhaseUnknown {
		d.keepOpen(act)
	}
	if p.act.Phase != "" || act.Phase == PhaseUnknown { // otherwise nothing was intended
		if err := d.record(ctx, act); err != nil {
			// It is done all the same; the next start finds out again.
			d.log.Error("outcome not recorded", "act", act.ID, "phase", act.Phase, "error", err)
		}
	}
	d.alarm(act)
	d.log.Info("publication", "outcome", outcome, "identifier", p.identifier, "sha256", p.hex(),
		"owners", act.Owners, "seq", act.Seq, "rule", act.Rule)
	return outcome
}

// alarm tells of a break-glass key.
func (d *Desk) alarm(r Record) {
	if r.BreakGlass && r.Phase == PhaseDone {
		d.metrics.breakGlass.Inc()
		d.log.Warn("a break-glass key was used", "identifier", r.Identifier, "owners", r.Owners, "seq", r.Seq)
	}
}

// ruleOf is why a problem refuses, in a word.
func ruleOf(p problem) string {
	if p.Rule != "" {
		return p.Rule
	}
	return p.Type[len(problemPrefix):]
}

// record stamps r and keeps it.
func (d *Desk) record(ctx context.Context, r Record) error {
	r.Time = d.now().UTC()
	start := time.Now()
	err := d.config.Recorder.Record(ctx, r)
	d.metrics.recordSeconds.Observe(time.Since(start).Seconds())
	if err != nil {
		d.metrics.recordErrors.Inc()
		d.log.Error("record not kept", "act", r.Act, "phase", r.Phase, "error", err)
	}
	return err
}
