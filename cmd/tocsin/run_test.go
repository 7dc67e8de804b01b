package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServingNamesAddressesOfItsRoles(t *testing.T) {
	edge := serveCmd{Roles: []string{"edge"}, Listen: ":1", DeskListen: ":2", AdminListen: ":3"}
	require.NotContains(t, edge.said(), "desk_listen")
	require.Contains(t, edge.said(), "listen")
	desk := serveCmd{Roles: []string{"desk"}, Listen: ":1", DeskListen: ":2", AdminListen: ":3"}
	require.NotContains(t, desk.said(), "listen")
	require.Contains(t, desk.said(), "desk_listen")
}
