// Package webhook is what Ringfence sends to a platform, and how the platform checks it. It stands alone: a receiver written in
// Go imports it, any other follows the Standard Webhooks specification (https://www.standardwebhooks.com).
//
// A message is a POST of one [Message] as JSON with these headers:
//
//	webhook-id         the effect's id, the same in every attempt
//	webhook-timestamp  when this attempt was made, in seconds since 1970
//	webhook-signature  v1,<base64 of HMAC-SHA256 over id.timestamp.body>, once for each secret, with spaces between
//	Idempotency-Key    the effect's id again
//
// A receiver verifies the signature, answers 2xx once it has applied the effect and recorded the id, and answers 2xx without
// applying it again to an id that it has recorded. Messages about one target come in order; a message may come twice.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Message is the body: one effect of one rule, or of a person.
type Message struct {
	Type        string `json:"type"`            // label, unlabel, enforce, undo, review or notify
	ID          string `json:"id"`              // of the effect: the idempotency key
	Time        string `json:"time"`            // of the event that caused it, RFC 3339
	Target      string `json:"target"`          // "account:a17", "content:p987", "group:g3"…
	Value       string `json:"value,omitempty"` // the label, the enforcement step or the notification channel
	Policy      string `json:"policy,omitempty"`
	Severity    int    `json:"severity"` // 0 to 5
	Reason      string `json:"reason,omitempty"`
	Rule        string `json:"rule,omitempty"`
	RuleVersion string `json:"rule_version,omitempty"`
	Source      string `json:"source,omitempty"`  // of the event
	Event       string `json:"event,omitempty"`   // the event's id, unique within its source
	Expires     string `json:"expires,omitempty"` // when it ends, RFC 3339; absent for never

	// Of a target that is a group: the version of its set of members; and of enforce and undo the accounts that it is about.
	Version uint64   `json:"version,omitempty"`
	Members []string `json:"members,omitempty"`
}

// The headers of a message.
const (
	HeaderID             = "webhook-id"
	HeaderTimestamp      = "webhook-timestamp"
	HeaderSignature      = "webhook-signature"
	HeaderIdempotencyKey = "Idempotency-Key"
)

// Errors of Verify and ParseSecret, to be tested with errors.Is.
var (
	ErrSecret    = errors.New("webhook secret is not valid")
	ErrHeaders   = errors.New("webhook headers are missing or malformed")
	ErrTimestamp = errors.New("webhook timestamp is too far from now")
	ErrSignature = errors.New("webhook signature does not match")
)

// Secret is a key that both sides know. It does not print itself.
type Secret struct{ key []byte }

// ParseSecret reads "whsec_" and the base64 of 24 to 64 random bytes.
func ParseSecret(s string) (Secret, error) {
	encoded, found := strings.CutPrefix(s, "whsec_")
	if !found {
		return Secret{}, fmt.Errorf("%w: it must start with whsec_", ErrSecret)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: what follows whsec_ must be base64", ErrSecret)
	}
	if len(key) < 24 || len(key) > 64 {
		return Secret{}, fmt.Errorf("%w: it holds %d bytes, must be 24 to 64", ErrSecret, len(key))
	}
	return Secret{key}, nil
}

// String hides the key.
func (Secret) String() string { return "whsec_…" }

// GoString hides the key.
func (Secret) GoString() string { return "whsec_…" }

func (s Secret) sign(id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Sign sets the headers of an attempt to send a message. While a secret is being replaced there are two of them, and a receiver
// that knows either accepts the message.
func Sign(h http.Header, secrets []Secret, id string, now time.Time, body []byte) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, len(secrets))
	for i, s := range secrets {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(s.sign(id, timestamp, body))
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, timestamp)
	h.Set(HeaderSignature, strings.Join(signatures, " "))
	h.Set(HeaderIdempotencyKey, id)
}

// maxSignatures bounds the work that a forged header can ask for.
const maxSignatures = 8

// Verify checks that a message was made by a holder of the secret, not longer than tolerance ago nor ahead (5 minutes is usual), so
// that a recorded one cannot be sent again later. Give it the body as it came, and use nothing of it before.
func Verify(s Secret, h http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, timestamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil || strings.Contains(id, ".") { // with dots, part of the body could pass for the timestamp
		return ErrHeaders
	}
	if len(s.key) == 0 {
		return ErrSecret
	}
	if age := now.Unix() - seconds; age > int64(tolerance/time.Second) || age < -int64(tolerance/time.Second) {
		return ErrTimestamp
	}
	want := s.sign(id, timestamp, body)
	rest := h.Get(HeaderSignature)
	for range maxSignatures {
		var one string
		one, rest, _ = strings.Cut(rest, " ")
		encoded, v1 := strings.CutPrefix(one, "v1,")
		got, err := base64.StdEncoding.DecodeString(encoded)
		if v1 && err == nil && subtle.ConstantTimeCompare(got, want) == 1 {
			return nil
		}
	}
	return ErrSignature
}
