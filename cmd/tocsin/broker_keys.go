package main

import (
	"context"
	"fmt"
	"strings"

	"tocsin/broker"
)

type brokerKeysCmd struct {
	Dir    string            `arg:"" help:"Where they go; nothing there is overwritten."`
	Server map[string]string `required:"" mapsep:"none" placeholder:"NAME=HOST,…" help:"A server, and the host names and addresses by which hubs and other servers reach it (repeat for each)."`
}

func (brokerKeysCmd) Help() string {
	return `For the configuration in deploy/nats: an authority, a certificate for each server, a
key for each user, and nats.env, variables that all servers share.

    tocsin broker keys secrets --server n1=n1.example,10.0.0.1 --server n2=n2.example --server n3=n3.example

Keep ca.key and admin.nk offline once the streams are made. What each machine gets is in
docs/running.md.`
}

func (cmd brokerKeysCmd) Run(_ context.Context, c console) error {
	servers := make(map[string][]string)
	for name, hosts := range cmd.Server {
		servers[name] = strings.Split(hosts, ",")
	}
	if err := broker.MakeKeys(cmd.Dir, servers); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.Out, "Made in %s: keys of %s; certificates of %s.\n",
		cmd.Dir, strings.Join(broker.Users, ", "), strings.Join(sortedKeys(servers), ", "))
	return err
}
