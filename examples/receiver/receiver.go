package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ringfence/ringfence/webhook"
)

const (
	maxBody   = 256 << 10
	tolerance = 5 * time.Minute
)

// receiver acts on one message at a time, which keeps those about one target in order.
type receiver struct {
	secret webhook.Secret
	now    func() time.Time

	mu   sync.Mutex
	seen *seen
	out  io.Writer
}

// ServeHTTP answers 2xx to what needs no further attempt, 400 or 413 to what no attempt can mend, and others to be sent it again.
func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	} else if err != nil {
		http.Error(w, "cannot read the body", http.StatusRequestTimeout)
		return
	}
	if err := webhook.Verify(rc.secret, r.Header, body, rc.now(), tolerance); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var m webhook.Message
	if err := json.Unmarshal(body, &m); err != nil || m.ID == "" || strings.ContainsAny(m.ID, "\r\n") {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if rc.seen.has(m.ID) {
		fmt.Fprintln(w, "done before")
		return
	}
	if err := rc.act(m); err != nil {
		http.Error(w, "cannot act now", http.StatusInternalServerError)
		return
	}
	if err := rc.seen.add(m.ID); err != nil {
		http.Error(w, "cannot remember", http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "done")
}

// act is where a platform would do it. Do it in the transaction that also stores the id: here, a crash between the two makes the
// receiver act twice.
func (rc *receiver) act(m webhook.Message) error {
	until := ""
	if m.Expires != "" {
		until = " until " + m.Expires
	}
	_, err := fmt.Fprintf(rc.out, "%s %q on %q%s, because %q (rule %q, policy %q)\n", m.Type, m.Value, m.Target, until, m.Reason, m.Rule, m.Policy)
	return err
}

// seen is the set of ids acted on, in a file with an id a line. It grows for ever; a platform would drop ids after a month.
type seen struct {
	file *os.File
	ids  map[string]bool
}

func openSeen(path string) (*seen, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	s := &seen{file: f, ids: map[string]bool{}}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		s.ids[lines.Text()] = true
	}
	if err := lines.Err(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *seen) has(id string) bool { return s.ids[id] }

// add returns once the id is on disk: an answer of 2xx is a promise. The newline goes first, so that a line cut off by a crash
// does not swallow the next.
func (s *seen) add(id string) error {
	if _, err := s.file.WriteString("\n" + id + "\n"); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.ids[id] = true
	return nil
}

func (s *seen) close() error { return s.file.Close() }
