package extract

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// canonicalLink gives a link's canonical form (lower-case scheme and host, no default port, no fragment, no trailing slash on an
// empty path) and its host, empty where it has none. What is not a link stays as it is.
func canonicalLink(raw string) (canonical, host string) {
	if host, ok := plainLink(raw); ok {
		return raw, host
	}
	return parsedLink(raw)
}

// parsedLink is canonicalLink for any link.
func parsedLink(raw string) (canonical, host string) {
	u, err := url.Parse(raw)
	if err != nil {
		return raw, ""
	}
	port := u.Port()
	host = strings.ToLower(strings.TrimRight(u.Hostname(), "."))
	if host == "" {
		return raw, ""
	}
	u.Scheme = strings.ToLower(u.Scheme)
	u.Host = host
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return raw, ""
		}
		u.Host = "[" + host + "]"
	}
	if port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		u.Host += ":" + port
	}
	u.Fragment, u.RawFragment, u.User = "", "", nil
	if u.Path == "/" {
		u.Path = ""
	}
	return u.String(), host
}

// plainLink sees at a glance that a link is in canonical form, as most are: http or https, a lower-case name, and a path of
// characters that need no escape.
func plainLink(raw string) (host string, ok bool) {
	rest, ok := strings.CutPrefix(raw, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(raw, "http://"); !ok {
			return "", false
		}
	}
	path := 0
	for path < len(rest) && rest[path] != '/' {
		if c := rest[path]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return "", false
		}
		path++
	}
	host = rest[:path]
	if host == "" || host[len(host)-1] == '.' || rest[path:] == "/" {
		return "", false
	}
	for _, c := range []byte(rest[path:]) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '-' || c == '.' || c == '_' || c == '~') {
			return "", false
		}
	}
	return host, true
}

// registrable is the registrable domain of a host by the public suffix list; empty for an address, a bare suffix and a name without dots.
func registrable(host string) string {
	if host == "" {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// domains remembers the registrable domains of hosts, since the same few hosts come again and again. It forgets all of them when
// it is full.
type domains map[string]string

const (
	maxDomains = 4096
	maxHost    = 253 // a longer one is no name; it is not kept
)

func (d domains) of(host string) string {
	domain, known := d[host]
	if known {
		return domain
	}
	if len(host) > maxHost {
		return registrable(host)
	}
	if len(d) == maxDomains {
		clear(d)
	}
	host = strings.Clone(host) // it shares memory with a record
	domain = registrable(host)
	d[host] = domain
	return domain
}
