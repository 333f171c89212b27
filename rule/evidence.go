package rule

import (
	"fmt"
	"strings"
)

// Evidence is what a person needs to check that a picture shows that of an entry: such as
//
//	m1 shows d8f8f0… of known-gore: features, 41 agree, at 120,40-320,200, of it 0,0-480,300
//
// Rectangles are left,top-right,bottom in pixels. An entry's hash is cut after 16 characters.
func (f *Found) Evidence() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s shows %s of %s: %s", cut(f.Surface, maxNameShown), cut(f.Entry, maxEntryShown), f.Bank, f.Method)
	switch f.Method {
	case "md5", "sha1", "sha256": // the file is the same
	case "features", "features-mirrored":
		fmt.Fprintf(&b, ", %d agree", f.Inliers)
	default:
		fmt.Fprintf(&b, ", %d bits away", f.Distance)
	}
	rectangle(&b, ", at ", f.Box)
	rectangle(&b, ", of it ", f.Known)
	return b.String()
}

// Bytes that are shown of names. An entry is a hash, of which few say which; a picture's name may be an address.
const (
	maxEntryShown = 16
	maxNameShown  = 256
)

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// rectangle writes one that is not empty.
func rectangle(b *strings.Builder, before string, r [4]int) {
	if r[0] < r[2] && r[1] < r[3] {
		fmt.Fprintf(b, "%s%d,%d-%d,%d", before, r[0], r[1], r[2], r[3])
	}
}
