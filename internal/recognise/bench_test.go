package recognise

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/preview"
)

// BenchmarkPicture is what each step costs that is done on this machine to a picture that was fetched: a drawing of boxes of 1280 x 960 pixels, as a JPEG
// of quality 85. What known pictures in it cost is BenchmarkFind of internal/known.
func BenchmarkPicture(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	m := image.NewRGBA(image.Rect(0, 0, 1280, 960))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	for range 300 {
		x, y := r.IntN(1280), r.IntN(960)
		c := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		draw.Draw(m, image.Rect(x, y, x+5+r.IntN(120), y+5+r.IntN(90)), image.NewUniform(c), image.Point{}, draw.Src)
	}
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, m, &jpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	file := encoded.Bytes()
	decoder := picture.Decoder{MaxPixels: 20_000_000}
	decoded, err := decoder.Decode(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	t := newTools()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"digests", func() error { digests(file); return nil }},
		{"decode", func() error { _, err := decoder.Decode(b.Context(), file); return err }},
		{"hash", func() error { t.hash(decoded, &signals.Picture{}); return nil }},
		{"copy for models", func() error { _, err := preview.Small(decoded, scorer.MaxSide); return err }},
		{"blurred preview", func() error { _, err := preview.Blurred(decoded); return err }},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := step.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
