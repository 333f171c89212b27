package app_test

import (
	"os"
	"testing"
)

// TestMain runs the tests or, in a process that one of them started, the product.
func TestMain(m *testing.M) {
	if order := os.Getenv(orderEnv); order != "" {
		os.Exit(child(order))
	}
	os.Exit(m.Run())
}
