package link

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func appendRune(b []byte, r rune) []byte { return utf8.AppendRune(b, r) }

// canonicalPort is ":n", empty for a port that is the scheme's own: 80 and 443, since http and https are one here.
func canonicalPort(digits string) (string, bool) {
	n, err := strconv.ParseUint(digits, 10, 16)
	switch {
	case err != nil:
		return "", false
	case n == 80 || n == 443:
		return "", true
	}
	return ":" + strconv.FormatUint(n, 10), true
}

// canonical puts a link together, and reports whether it left out parameters that track. rest is what follows host and port: path,
// query, fragment.
func canonical(scheme string, name hostName, port, rest, domain string) (link string, tracked bool) {
	rest, _, _ = strings.Cut(rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	b := make([]byte, 0, len(scheme)+len(name.ascii)+len(rest)+8)
	b = append(append(b, scheme...), "://"...)
	if strings.Contains(name.ascii, ":") {
		b = append(append(append(b, '['), name.ascii...), ']')
	} else {
		b = append(b, name.ascii...)
	}
	b = append(b, port...)
	path = withoutDots(string(escaped(nil, path)))
	kept, tracked := withoutTracking(nil, query, domain)
	query = string(kept)
	if path != "/" || query != "" {
		b = append(b, path...)
	}
	if query != "" {
		b = append(append(b, '?'), query...)
	}
	return string(b), tracked
}

const upperHex = "0123456789ABCDEF"

// escaped appends s with every character escaped that is not a letter, a digit or harmless, and none that is.
func escaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if d, ok := unhex(s[i+1:]); ok {
				c = d
				i += 2
				if !unreserved(c) {
					dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
					continue
				}
			} else {
				dst = append(dst, "%25"...)
				continue
			}
		}
		if unreserved(c) || strings.IndexByte("/:@!$&'*+,;=?", c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// unhex reads two hexadecimal digits.
func unhex(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:2], 16, 8)
	return byte(n), err == nil
}

// withoutDots resolves the segments "." and "..". An absolute path stays one, and an empty path becomes one.
func withoutDots(path string) string {
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		switch s {
		case ".", "..":
			if s == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if i == len(segments)-1 {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// withoutTracking appends a query without the parameters that track, and those that are empty. It reports whether any tracks.
func withoutTracking(dst []byte, query, domain string) (kept []byte, tracked bool) {
	for parameter := range strings.SplitSeq(query, "&") {
		before := len(dst)
		if before > 0 {
			dst = append(dst, '&')
		}
		start := len(dst)
		dst = escaped(dst, parameter)
		name, _, _ := strings.Cut(string(dst[start:]), "=")
		track := tracks(strings.ToLower(name), domain)
		if parameter == "" || track {
			dst = dst[:before]
		}
		tracked = tracked || track
	}
	return dst, tracked
}

// tracks reports whether a parameter only tracks on a domain.
func tracks(name, domain string) bool {
	if tracking[name] || trackingAt[domain][name] {
		return true
	}
	for _, prefix := range trackingPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
