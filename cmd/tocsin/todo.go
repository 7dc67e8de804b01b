package main

type publishCmd struct {
	composeFlags
	File, CAP, Status, Note string `kong:"-"`
	Expires                 moment `kong:"-"`
}

func (publishCmd) Run() error { return nil }

type approveCmd struct{}

func (approveCmd) Run() error { return nil }

type cancelCmd struct{}

func (cancelCmd) Run() error { return nil }

type proposalsCmd struct{}

func (proposalsCmd) Run() error { return nil }

type tailCmd struct{}

func (tailCmd) Run() error { return nil }

type brokerCmd struct{}

func (brokerCmd) Run() error { return nil }
func (serveCmd) Run() error  { return nil }
