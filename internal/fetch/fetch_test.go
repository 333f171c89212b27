package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "93.184.215.14": true, "100.63.255.255": true, "100.128.0.0": true,
		"172.15.255.255": true, "172.32.0.0": true, "223.255.255.255": true, "169.253.255.255": true, "192.0.1.1": true, "198.20.0.0": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001:81b::200e": true, "2001:200::1": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.255.254": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.127.255.255": false,
		"169.254.169.254": false, "169.254.170.2": false, "168.63.129.16": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::127.0.0.1": false, "::8.8.8.8": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:0:8.8.8.8": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::a00:1": false, "64:ff9b:1::808:808": false,
		"100::1": false, "2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "2001:10::1": false, "2001:20::1": false,
		"2001:db8::1": false, "2002:7f00:1::": false, "2002:808:808::1": false, "3fff::1": false, "5f00::1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false, "ff0e::1": false,
		"2606:4700::1%eth0": false,
	} {
		if got := Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Public(%s): got %v, want %v", addr, got, want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("the zero address is public")
	}
}

func FuzzPublic(f *testing.F) {
	for _, seed := range []string{"127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2606:4700::1"} {
		f.Add(netip.MustParseAddr(seed).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok || !Public(a) {
			return
		}
		// The standard library's own notions, for the address and for the IPv4 address that its last bytes may stand for.
		if a = a.Unmap(); a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
			t.Errorf("%s is public", a)
		}
		if a.Is4() && Public(netip.AddrFrom16(a.As16())) != Public(a) {
			t.Errorf("%s and its mapped form differ", a)
		}
	})
}

func TestGuard(t *testing.T) {
	check := guard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/64")})
	for _, c := range []struct {
		network, address string
		ok               bool
	}{
		{"tcp4", "8.8.8.8:443", true},
		{"tcp6", "[2606:4700::1]:443", true},
		{"tcp4", "10.1.2.3:80", true},
		{"tcp6", "[::ffff:10.1.2.3]:80", true},
		{"tcp6", "[fd00::5]:80", true},
		{"tcp4", "10.2.0.1:80", false},
		{"tcp6", "[fd00:0:0:1::5]:80", false},
		{"tcp6", "[64:ff9b::a01:203]:80", false}, // allowed networks are not reached through a translator
		{"udp4", "8.8.8.8:53", false},
		{"unix", "/run/docker.sock", false},
		{"tcp4", "8.8.8.8", false},
		{"tcp4", "localhost:80", false},
	} {
		if err := check(c.network, c.address, nil); (err == nil) != c.ok || (err != nil && !errors.Is(err, ErrAddress)) {
			t.Errorf("%s %s: got %v, want ok %v", c.network, c.address, err, c.ok)
		}
	}
}

func options(allow bool) Options {
	o := Options{Timeout: 5 * time.Second, MaxBody: 1 << 10, Redirects: 2}
	if allow {
		o.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
	return o
}

func get(t *testing.T, c *http.Client, url string) (string, int, error) {
	t.Helper()
	defer c.CloseIdleConnections()
	resp, err := c.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), resp.StatusCode, err
}

func TestClientReachesOnlyWhatIsAllowed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer srv.Close()
	local := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)

	for _, url := range []string{srv.URL, local, strings.Replace(srv.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), strings.Replace(srv.URL, "127.0.0.1", "0.0.0.0", 1)} {
		if _, _, err := get(t, NewClient(options(false)), url); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: got %v, want %v", url, err, ErrAddress)
		}
	}
	if b, _, err := get(t, NewClient(options(true)), srv.URL); err != nil || b != "hello" {
		t.Errorf("allowed network: got %q, %v", b, err)
	}
	o := options(false)
	o.Hosts = []string{"localhost"}
	if b, _, err := get(t, NewClient(o), strings.Replace(local, "localhost", "LocalHost", 1)); err != nil || b != "hello" {
		t.Errorf("allowed host: got %q, %v", b, err)
	}
	if _, _, err := get(t, NewClient(o), srv.URL); !errors.Is(err, ErrAddress) {
		t.Errorf("an allowed name does not allow its address by number: got %v", err)
	}
}

func TestAllowedHost(t *testing.T) {
	for address, want := range map[string]bool{
		"hooks.internal:443": true, "Hooks.Internal.:80": true, "[::1]:80": false, "evil-hooks.internal:80": false,
		"hooks.internal.evil.com:80": false, "hooks.internal": false, "": false,
	} {
		if got := allowedHost([]string{"hooks.internal"}, address); got != want {
			t.Errorf("%q: got %v, want %v", address, got, want)
		}
	}
}

func TestClientIgnoresProxies(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	if c := NewClient(options(false)); c.Transport.(*limited).Proxy != nil {
		t.Error("the client has a proxy")
	}
}

func TestRedirects(t *testing.T) {
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/end":
			io.WriteString(w, "end")
		case "/1":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/2":
			http.Redirect(w, r, "/1", http.StatusFound)
		case "/3":
			http.Redirect(w, r, "/2", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, strings.Replace(srv.URL, "127.0.0.1", "127.0.0.2", 1)+"/end", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}
	}))
	defer srv.Close()
	c := NewClient(options(true))
	for _, path := range []string{"/1", "/2"} {
		if b, _, err := get(t, c, srv.URL+path); err != nil || b != "end" {
			t.Errorf("%s: got %q, %v", path, b, err)
		}
	}
	if _, status, err := get(t, c, srv.URL+"/3"); err != nil || status != http.StatusFound {
		t.Errorf("/3: got %d, %v, want the redirect itself", status, err)
	}
	if _, _, err := get(t, c, srv.URL+"/inside"); !errors.Is(err, ErrAddress) {
		t.Errorf("/inside: got %v, want %v", err, ErrAddress)
	}
	if _, _, err := get(t, c, srv.URL+"/file"); err == nil {
		t.Error("/file: followed")
	}
	tls := httptest.NewTLSServer(http.RedirectHandler(srv.URL+"/end", http.StatusFound))
	defer tls.Close()
	c = NewClient(options(true))
	c.Transport.(*limited).TLSClientConfig = tls.Client().Transport.(*http.Transport).TLSClientConfig
	if _, _, err := get(t, c, tls.URL); !errors.Is(err, ErrRedirect) {
		t.Errorf("https to http: got %v, want %v", err, ErrRedirect)
	}
}

func TestBodyIsBounded(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fits":
			w.Write(make([]byte, 1<<10))
		case "/announced":
			w.Write(make([]byte, 1<<10+1))
		case "/streamed":
			w.(http.Flusher).Flush()
			w.Write(make([]byte, 1<<20))
		case "/bomb":
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(make([]byte, 1<<20))
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(b.Bytes())
		}
	}))
	defer srv.Close()
	for path, want := range map[string]error{"/fits": nil, "/announced": ErrTooLarge, "/streamed": ErrTooLarge, "/bomb": ErrTooLarge} {
		if b, _, err := get(t, NewClient(options(true)), srv.URL+path); !errors.Is(err, want) || len(b) > 1<<10 {
			t.Errorf("%s: got %d bytes, %v, want %v", path, len(b), err, want)
		}
	}
}

// TestRebinding resolves a name to a public address when it is first asked and to loopback afterwards, as an attacker's name
// server would. The client must be stopped by what it connects to, not by what a check once saw.
func TestRebinding(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer srv.Close()
	var asked atomic.Int64
	names := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answer(far, func() [4]byte {
			if asked.Add(1) == 1 {
				return [4]byte{8, 8, 8, 8}
			}
			return [4]byte{127, 0, 0, 1}
		})
		return near, nil
	}}
	first, err := names.LookupNetIP(t.Context(), "ip4", "evil.example.com.")
	if err != nil || !Public(first[0].Unmap()) {
		t.Fatalf("the check before the fetch: got %v, %v", first, err)
	}
	url := strings.Replace(srv.URL, "127.0.0.1", "evil.example.com.", 1)
	if _, _, err := get(t, newClient(options(false), names), url); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v, want %v", err, ErrAddress)
	}
}

// answer serves one DNS query over a stream: the address for A, nothing for others.
func answer(c net.Conn, address func() [4]byte) {
	defer c.Close()
	buf := make([]byte, 2+512)
	n, err := c.Read(buf)
	if err != nil {
		return
	}
	var m dnsmessage.Message
	query := buf[:n]
	framed := m.Unpack(query) != nil // TCP puts the length first
	if framed {
		if n == 2 {
			if n, err = c.Read(buf); err != nil {
				return
			}
			query = buf[:n]
		} else {
			query = query[2:]
		}
		if m.Unpack(query) != nil {
			return
		}
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	if q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: address()},
		}}
	}
	out, err := m.Pack()
	if err != nil {
		return
	}
	if framed {
		out = append([]byte{byte(len(out) >> 8), byte(len(out))}, out...)
	}
	c.Write(out)
}
