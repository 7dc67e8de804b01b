package main

import "time"

const (
	// maxHold is how long a process that is told to go serves on as ever, though it is not
	// ready any more: whoever sends clients to it, a balancer or a cluster's endpoints, takes
	// so long to hear of that. Who is sent here meanwhile must find it open.
	maxHold = 5 * time.Second
	// requestTime is what requests under way are given in any case: a publication takes
	// 10 s at most.
	requestTime = 12 * time.Second
	// byeGrace is for those who were told to go last.
	byeGrace = time.Second
	// lastAnswers is for what is being answered when nobody else is served.
	lastAnswers = 500 * time.Millisecond
	// endGrace is how long after all that the process may still be there.
	endGrace = 5 * time.Second
)

// farewell is the course of a shutdown; hold, requests and end count from its begin.
type farewell struct {
	hold     time.Duration // serving on
	byes     time.Duration // then clients are told to go, spread over this
	requests time.Duration // requests under way are cut off then
	end      time.Duration // the process is gone then, whatever clients do
}

// farewell divides --drain: a quarter of it, 5 s at most, for serving on, the rest for
// byes. In dev mode there is nobody to hear of it. With the usual 20 s all is over in 25.
func (cmd *serveCmd) farewell() farewell {
	drain := *cmd.Drain
	f := farewell{hold: min(maxHold, drain/4), requests: max(drain, requestTime)}
	if cmd.Dev {
		f.hold = 0
	}
	f.byes = drain - f.hold
	f.end = f.requests + endGrace
	return f
}
