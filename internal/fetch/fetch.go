// Package fetch makes the HTTP client of every request that leaves Ringfence: webhooks, media, links. Their addresses come from
// configuration and from hostile events, so the client connects to public addresses only, and to what the operator allows.
//
// The check is made on the address of each connection, redirects included, after the name was resolved. Proxies from the
// environment are not used: they would connect for us, unchecked.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Options says what a client may do.
type Options struct {
	Timeout   time.Duration  // of a request as a whole, with its redirects and its body
	MaxBody   int64          // bytes of an answer's body, decompressed
	Redirects int            // how many are followed; past them the redirect itself is the answer. Never from https to http
	Networks  []netip.Prefix // reachable although not public
	Hosts     []string       // names whose addresses are all reachable, in lower case, without port
}

// ErrTooLarge is the error of reading past Options.MaxBody.
var ErrTooLarge = errors.New("answer is larger than allowed")

// ErrRedirect is the error of a redirect from https to anything else.
var ErrRedirect = errors.New("redirect leaves https")

// Bounds of a connection that no caller needs to choose.
const (
	dialTimeout    = 5 * time.Second
	maxHeader      = 64 << 10
	idlePerHost    = 16
	idleConns      = 64
	idleTimeout    = 90 * time.Second
	afterHandshake = 30 * time.Second
)

// NewClient makes a client. It is safe for concurrent use and keeps connections open; CloseIdleConnections ends them.
func NewClient(o Options) *http.Client { return newClient(o, nil) }

func newClient(o Options, names *net.Resolver) *http.Client {
	guarded := &net.Dialer{Timeout: dialTimeout, Control: guard(o.Networks), Resolver: names}
	free := &net.Dialer{Timeout: dialTimeout, Resolver: names}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if allowedHost(o.Hosts, address) {
				return free.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  afterHandshake,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
	}
	return &http.Client{
		Timeout:   o.Timeout,
		Transport: &limited{t, o.MaxBody},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > o.Redirects {
				return http.ErrUseLastResponse
			}
			if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
				return fmt.Errorf("%w: to %s", ErrRedirect, req.URL.Redacted())
			}
			return nil
		},
	}
}

func allowedHost(hosts []string, address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.Contains(hosts, host)
}

// limited bounds the bodies of answers.
type limited struct {
	*http.Transport
	max int64
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > l.max {
		resp.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrTooLarge, resp.ContentLength, l.max)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols { // then it is the connection itself, not an answer
		resp.Body = &body{resp.Body, l.max}
	}
	return resp, nil
}

// body gives ErrTooLarge in place of the first byte past the limit.
type body struct {
	io.ReadCloser
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), ErrTooLarge
	}
	b.left -= int64(n)
	return n, err
}
