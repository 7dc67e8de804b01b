//go:build !linux

package hub

import "net"

func prepareSocket(net.Conn) {}
