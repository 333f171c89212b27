// Command receiver is the smallest honest receiver of Ringfence's webhooks: it checks the signature, acts on each effect once,
// and says what it would do to the account. Take it as the start of the one that does it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/ringfence/ringfence/webhook"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:8088", "address to listen on")
	seenFile := flag.String("seen", "receiver.seen", "file that remembers the ids of the effects acted on")
	flag.Parse()
	secret, err := webhook.ParseSecret(os.Getenv("RECEIVER_SECRET"))
	if err != nil {
		return fmt.Errorf("RECEIVER_SECRET: %w; make one with: echo whsec_$(head -c 32 /dev/urandom | base64)", err)
	}
	seen, err := openSeen(*seenFile)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Addr: *addr, Handler: &receiver{secret: secret, seen: seen, now: time.Now, out: os.Stdout},
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	log.Printf("listening on http://%s", *addr)
	return errors.Join(srv.ListenAndServe(), seen.close())
}
