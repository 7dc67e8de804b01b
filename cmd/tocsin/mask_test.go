package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMaskedKeepsQuestions(t *testing.T) {
	for _, text := range []string{
		"something else listens there (another tocsin serve?); stop it",
		`is it there (does "tocsin serve --dev" run in another folder?)`,
		"whose keyset is to be trusted? --trust FILE says",
	} {
		require.Equal(t, text, masked(text))
	}
	for _, text := range []string{"https://idp.example/jwks?key=SECRET", `"ws://h/v1?SECRET"`, "(http://h/?a=SECRET)"} {
		require.NotContains(t, masked(text), "SECRET")
	}
}
