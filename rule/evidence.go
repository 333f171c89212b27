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
	entry := f.Entry
	if len(entry) > maxEntryShown {
		entry = entry[:maxEntryShown] + "…"
	}
	fmt.Fprintf(&b, "%s shows %s of %s: %s", f.Surface, entry, f.Bank, f.Method)
	if f.Inliers > 0 {
		fmt.Fprintf(&b, ", %d agree", f.Inliers)
	} else {
		fmt.Fprintf(&b, ", %d bits away", f.Distance)
	}
	rectangle(&b, ", at ", f.Box)
	rectangle(&b, ", of it ", f.Known)
	return b.String()
}

const maxEntryShown = 16

// rectangle writes one that is not empty.
func rectangle(b *strings.Builder, before string, r [4]int) {
	if r[0] < r[2] && r[1] < r[3] {
		fmt.Fprintf(b, "%s%d,%d-%d,%d", before, r[0], r[1], r[2], r[3])
	}
}
