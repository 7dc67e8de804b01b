package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// Servers leave unanswered what is not permitted: the command says what that may be.
func TestBrokerUnanswered(t *testing.T) {
	away := fmt.Errorf("%w: %w", broker.ErrUnavailable, context.DeadlineExceeded)
	silent := fmt.Errorf("asking for the account: %w", context.DeadlineExceeded)
	require.ErrorContains(t, brokerFlags{}.unanswered(away, "admin"), "to be named by --nats-ca?")
	require.ErrorContains(t, brokerFlags{NATSCA: "ca.pem"}.unanswered(away, "admin"), "of an authority in --nats-ca")
	require.ErrorContains(t, brokerFlags{}.unanswered(silent, "admin.nk"), "(admin.nk), and is --nats-inbox this user's?")
	other := errors.New("reading ca.pem")
	require.Equal(t, other, brokerFlags{}.unanswered(other, "admin"))
}
