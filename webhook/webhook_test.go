package webhook

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func secret(t testing.TB, s string) Secret {
	t.Helper()
	k, err := ParseSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The vector that the specification's reference libraries test themselves with.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSignGivesTheSpecificationsVector(t *testing.T) {
	h := http.Header{}
	Sign(h, []Secret{secret(t, vectorSecret)}, vectorID, time.Unix(vectorTime, 999), []byte(vectorBody))
	for name, want := range map[string]string{
		HeaderID: vectorID, HeaderIdempotencyKey: vectorID, HeaderTimestamp: strconv.Itoa(vectorTime), HeaderSignature: vectorSignature,
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestVerify(t *testing.T) {
	now, key := time.Unix(vectorTime, 0), secret(t, vectorSecret)
	other := secret(t, "whsec_"+strings.Repeat("A", 32))
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	for _, c := range []struct {
		name  string
		key   Secret
		spoil func(h http.Header)
		body  string
		now   time.Time
		want  error
	}{
		{"as sent", key, nil, vectorBody, now, nil},
		{"late within tolerance", key, nil, vectorBody, now.Add(5 * time.Minute), nil},
		{"early within tolerance", key, nil, vectorBody, now.Add(-5 * time.Minute), nil},
		{"late", key, nil, vectorBody, now.Add(301 * time.Second), ErrTimestamp},
		{"early", key, nil, vectorBody, now.Add(-301 * time.Second), ErrTimestamp},
		{"other body", key, nil, vectorBody + " ", now, ErrSignature},
		{"other secret", other, nil, vectorBody, now, ErrSignature},
		{"no secret", Secret{}, nil, vectorBody, now, ErrSecret},
		{"other id", key, set(HeaderID, "msg_2"), vectorBody, now, ErrSignature},
		{"no id", key, set(HeaderID, ""), vectorBody, now, ErrHeaders},
		{"body moved into the id", key, set(HeaderID, vectorID+".1"), vectorBody, now, ErrHeaders},
		{"time moved", key, set(HeaderTimestamp, strconv.Itoa(vectorTime+1)), vectorBody, now, ErrSignature},
		{"no time", key, set(HeaderTimestamp, ""), vectorBody, now, ErrHeaders},
		{"no number", key, set(HeaderTimestamp, "soon"), vectorBody, now, ErrHeaders},
		{"smallest number", key, set(HeaderTimestamp, fmt.Sprint(math.MinInt64)), vectorBody, now, ErrTimestamp},
		{"largest number", key, set(HeaderTimestamp, fmt.Sprint(math.MaxInt64)), vectorBody, now, ErrTimestamp},
		{"second of two", key, set(HeaderSignature, "v1,AAAA "+vectorSignature), vectorBody, now, nil},
		{"asymmetric version", key, set(HeaderSignature, "v1a"+vectorSignature[2:]), vectorBody, now, ErrSignature},
		{"no version", key, set(HeaderSignature, vectorSignature[3:]), vectorBody, now, ErrSignature},
		{"empty", key, set(HeaderSignature, ""), vectorBody, now, ErrSignature},
		{"past the bound", key, set(HeaderSignature, strings.Repeat("v1,AAAA ", maxSignatures)+vectorSignature), vectorBody, now, ErrSignature},
	} {
		h := http.Header{}
		Sign(h, []Secret{key}, vectorID, now, []byte(vectorBody))
		if c.spoil != nil {
			c.spoil(h)
		}
		if err := Verify(c.key, h, []byte(c.body), c.now, 5*time.Minute); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestRotation(t *testing.T) {
	old, new := secret(t, vectorSecret), secret(t, "whsec_"+strings.Repeat("B", 32))
	h, now := http.Header{}, time.Unix(vectorTime, 0)
	Sign(h, []Secret{new, old}, "id", now, nil)
	for name, s := range map[string]Secret{"old": old, "new": new} {
		if err := Verify(s, h, nil, now, time.Minute); err != nil {
			t.Errorf("a receiver that knows the %s secret: %v", name, err)
		}
	}
}

func TestParseSecret(t *testing.T) {
	for _, s := range []string{"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_not base64", "whsec_" + strings.Repeat("A", 88)} {
		if _, err := ParseSecret(s); !errors.Is(err, ErrSecret) || (len(s) > 6 && strings.Contains(err.Error(), s[6:])) {
			t.Errorf("%q: got %v, want %v, without the secret in it", s, err, ErrSecret)
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s", secret(t, vectorSecret), secret(t, vectorSecret), secret(t, vectorSecret), secret(t, vectorSecret)); strings.Contains(got, "MfKQ") || strings.Contains(got, "0x") {
		t.Errorf("a secret prints as %s", got)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorID, "1614265330", vectorSignature, []byte(vectorBody))
	f.Add("", "-1", "v1,", []byte(nil))
	f.Add("a.b", "9223372036854775807", "v1,AAAA v1,AAAA", []byte("x"))
	key := secret(f, vectorSecret)
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		h := http.Header{}
		h.Set(HeaderID, id)
		h.Set(HeaderTimestamp, timestamp)
		h.Set(HeaderSignature, signature)
		err := Verify(key, h, body, time.Unix(vectorTime, 0), time.Minute)
		if err == nil && (id != vectorID || string(body) != vectorBody) {
			t.Errorf("forged: %q %q %q %q", id, timestamp, signature, body)
		}
	})
}
