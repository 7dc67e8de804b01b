// Package natstest runs a NATS cluster for tests: real nats-server processes on a copy
// of the very files of deploy/nats, with TLS, nkeys and an encrypted store.
//
//	c := natstest.Start(t, natstest.Config{})       // three servers, streams made, all well
//	b, err := broker.Open(ctx, c.Broker("edge-1"))  // users: broker.Users
//	exec.Command("tocsin", append([]string{"serve", "--roles", "edge"}, c.Flags("edge-1")...)...)
//	c.Servers[0].Kill()                             // as kill -9; Start starts it again on its files
//	c.Servers[1].Pause()                            // SIGSTOP; Resume is SIGCONT
//	c.Servers[2].Kill(); c.Servers[2].Wipe()        // a volume that was lost
//	c.EditAccounts(edit); c.Servers[0].Reload(ctx)  // one user more, or less
//	c.Await(ctx)                                    // until all servers hold all streams again
//
// Outside of a test, [New] does what [Start] does and returns errors; call Close.
//
// Addresses are free ports of 127.0.0.1 and stay the same over restarts. Proxies are
// hooked in by Config.Client and Config.Route. Store directories are Config.Dir's, so
// one can be a tmpfs. What servers say is in Server.LogFile.
package natstest
