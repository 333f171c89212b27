package habit

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/text/fold"
)

// BenchmarkHostile gives what costs most a byte: a megabyte of each device.
func BenchmarkHostile(b *testing.B) {
	for _, unit := range []string{"frее", "a\u200b", "w0rld ", "a.", "a\u0334", "\u200b", "&#109;", "🇧", "\u202ea\u202c", "m⭕"} {
		b.Run(strings.ToValidUTF8(unit, "?"), func(b *testing.B) {
			text := fold.Cut(strings.Repeat(unit, 1<<20/len(unit)))
			var reader fold.Reader
			symbols := reader.Read(text)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Of(symbols, text)
			}
		})
	}
}

// BenchmarkReader is what Of comes on top of.
func BenchmarkReader(b *testing.B) {
	var reader fold.Reader
	b.ReportAllocs()
	for b.Loop() {
		reader.Read(plainPost)
	}
}
