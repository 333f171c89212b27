package main

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// simplified writes han.bin, the traditional characters with their simplified forms, from the file Unihan_Variants of the Unicode
// Character Database 15.0 (Unicode-3.0 licence), as Debian's package unicode-data holds it: for each character of the block of
// unified ideographs, in order, its distance to the one before and its simplified form, counted from the block's start.
func simplified(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	form := map[int]int{}
	in := bufio.NewScanner(bzip2.NewReader(f))
	for in.Scan() {
		fields := strings.Fields(in.Text())
		if len(fields) < 3 || fields[1] != "kSimplifiedVariant" {
			continue
		}
		from, ok := ideograph(fields[0])
		if !ok {
			continue
		}
		for _, field := range fields[2:] {
			if to, ok := ideograph(field); ok && to != from {
				form[from] = to
				break
			}
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	var b bytes.Buffer
	last := 0
	for _, from := range slices.Sorted(maps.Keys(form)) {
		to := form[from]
		for range 4 { // the simplified form of a simplified form, but not in a circle
			if next, found := form[to]; found && next != from {
				to = next
			}
		}
		b.Write(binary.AppendUvarint(nil, uint64(from-last)))
		b.Write(binary.AppendUvarint(nil, uint64(to)))
		last = from
	}
	return os.WriteFile("han.bin", b.Bytes(), 0o644)
}

// ideograph is the place of U+XXXX in the block of unified ideographs.
func ideograph(field string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(field, "U+"), 16, 32)
	return int(n) - 0x4E00, err == nil && 0x4E00 <= n && n < 0xA000
}
