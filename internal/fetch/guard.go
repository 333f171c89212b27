package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrAddress is the error of a connection to an address that is not public and not allowed.
var ErrAddress = errors.New("address is not public")

// notPublic is what a fetch may not reach within the ranges that are routed at all: IANA's special-purpose registries, and two
// addresses that clouds route to the machine's own control plane.
var notPublic = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private
	"100.64.0.0/10",     // carrier-grade NAT; holds 100.100.100.200, a cloud's metadata
	"127.0.0.0/8",       // loopback
	"168.63.129.16/32",  // Azure's control plane, though a public address
	"169.254.0.0/16",    // link-local; holds 169.254.169.254, metadata in most clouds
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments; holds 192.0.0.192, a cloud's metadata
	"192.0.2.0/24",      // documentation
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // AMT
	"192.88.99.0/24",    // 6to4 relays
	"192.168.0.0/16",    // private
	"192.175.48.0/24",   // AS112
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/3",       // multicast, reserved, broadcast
	"2001::/23",         // protocol assignments; holds Teredo and ORCHID
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: an IPv4 address within
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

var (
	global6 = netip.MustParsePrefix("2000::/3")     // all that is routed of IPv6, but for NAT64
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // an IPv4 address within, reached through a translator
)

func prefixes(words ...string) []netip.Prefix {
	ps := make([]netip.Prefix, len(words))
	for i, w := range words {
		ps[i] = netip.MustParsePrefix(w)
	}
	return ps
}

// Public reports whether an address is one of the open internet: not of this machine, its network, its cloud or a reserved range.
// An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as itself; other ways to write one in the other are refused.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guard is the control function of a dialer. It sees the address that is about to be connected to, after the name was
// resolved: a name that resolves otherwise the second time gains nothing.
func guard(allow []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("%w: %s over %s", ErrAddress, address, network)
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrAddress, err)
		}
		for _, p := range allow {
			if p.Contains(ap.Addr().Unmap()) {
				return nil
			}
		}
		if !Public(ap.Addr()) {
			return fmt.Errorf("%w: %s: if it is your own service, add it to the allowed networks", ErrAddress, ap.Addr())
		}
		return nil
	}
}
