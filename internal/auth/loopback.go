package auth

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// Loopback identifies everybody on this machine as one principal that may do everything, without a key. A page that the
// machine's browser shows is not on this machine: a request of another origin or under another host name is refused.
type Loopback struct{}

// Identify implements [Identifier].
func (Loopback) Identify(r *http.Request) (*Principal, error) {
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !addr.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("%w: without keys the API answers only to this machine", ErrUnknown)
	}
	if !localName(r.Host) { // a name of somebody else's that was made to point here
		return nil, fmt.Errorf("%w: without keys the API is called as localhost only", ErrUnknown)
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return nil, fmt.Errorf("%w: without keys the API takes no request of another origin", ErrUnknown)
	}
	return &Principal{By: "person:local", Scopes: Scopes()}, nil
}

func localName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
