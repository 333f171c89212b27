// Package transform alters pictures as people do who pass a known picture on: crops, frames, captions, screenshots, collages, filters,
// compression. It exists to measure how well media/pdq, media/layout and media/align recognise what came out. Recognition itself does
// not use it.
//
// Every transform is a function of the picture, a second one and a seeded generator, so that a measurement can be repeated. The bytes
// depend on the build, since the standard library's JPEG encoder and floating point have a part in them.
package transform

import (
	"image"
	"math/rand/v2"
)

// Transform is one way to alter a picture.
type Transform struct {
	Name string
	// Apply alters a copy of src, whose bounds start at (0, 0) and which is opaque and has sides of 64 pixels or more. other is a
	// picture of any size that has nothing to do with src: what stands beside it in a collage and behind it on a page. What is left to chance is
	// drawn from rng. The result starts at (0, 0), too.
	Apply func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA
}

// All lists the transforms, in groups of their kind: nothing to see, tone, turns, crops, geometry, frames, pages, overlays, collages
// and combinations.
func All() []Transform {
	return []Transform{
		{"identity", plain(clone)},
		{"jpeg q50", plain(jpegAt(50))},
		{"jpeg q20", plain(jpegAt(20))},
		{"jpeg q10", plain(jpegAt(10))},
		{"resize 50%", plain(resized(0.5))},
		{"resize 25%", plain(resized(0.25))},
		{"upscale 150%", plain(resized(1.5))},
		{"squash to square", plain(squared)},
		{"blur 2", plain(blurred(2))},
		{"blur 6", plain(blurred(6))},
		{"noise 25", noise(25)},
		{"noise 60", noise(60)},
		{"pixelate 8", plain(pixelated(8))},

		{"brightness +40", plain(tone(func(v float64) float64 { return v + 40 }))},
		{"brightness -40", plain(tone(func(v float64) float64 { return v - 40 }))},
		{"contrast 1.5", plain(tone(func(v float64) float64 { return (v-128)*1.5 + 128 }))},
		{"gamma 0.5", plain(tone(gamma(0.5)))},
		{"gamma 2", plain(tone(gamma(2)))},
		{"grey", plain(grey)},
		{"hue rotate", plain(hueRotated)},
		{"invert", plain(tone(func(v float64) float64 { return 255 - v }))},

		{"flip", plain(flipped)},
		{"rotate 90", plain(quarter)},
		{"rotate 180", plain(func(p *image.RGBA) *image.RGBA { return quarter(quarter(p)) })},

		{"crop 5%", plain(cropSides(0.05, 0.05, 0.05, 0.05))},
		{"crop 10%", plain(cropSides(0.10, 0.10, 0.10, 0.10))},
		{"crop 13% centred", plain(cropSides(0.13, 0.13, 0.13, 0.13))},
		{"crop 25% off-centre", plain(cropSides(0.04, 0.21, 0.18, 0.07))},
		{"crop to half", plain(cropSides(0.25, 0.25, 0.25, 0.25))},
		{"crop random", cropRandom(0)},
		{"crop random aspect", cropRandom(0.35)},

		{"rotate 2", plain(rotated(2))},
		{"rotate 5", plain(rotated(5))},
		{"rotate 10", plain(rotated(10))},
		{"perspective 5%", perspective(0.05)},
		{"perspective 10%", perspective(0.10)},

		{"border white 5%", plain(bordered(0.05, white))},
		{"border black 10%", plain(bordered(0.10, black))},
		{"letterbox 1:1 black", plain(letterboxed(1, 1, flat(black)))},
		{"letterbox 1:1 white", plain(letterboxed(1, 1, flat(white)))},
		{"letterbox 9:16 black", plain(letterboxed(9, 16, flat(black)))},
		{"letterbox 9:16 blurred", plain(letterboxed(9, 16, blurredCover))},
		{"caption above 20%", captioned(0.20, 0)},
		{"caption below 20%", captioned(0, 0.20)},
		{"caption both 35%", captioned(0.20, 0.15)},

		{"phone screenshot light", phone(false)},
		{"phone screenshot dark", phone(true)},
		{"phone screenshot, q40, half", then(phone(false), plain(resized(0.5)), plain(jpegAt(40)))},
		{"desktop screenshot", desktop},

		{"text band bottom", band(0.82)},
		{"text band centre", band(0.44)},
		{"meme text", memeText},
		{"watermark 2%", sticker(0.02)},
		{"sticker 10%", sticker(0.10)},
		{"sticker 20%", sticker(0.20)},

		{"collage half", collage(2, 1)},
		{"collage stacked", collage(1, 2)},
		{"collage quarter", collage(2, 2)},
		{"pasted 80%", pasted(0.8)},
		{"pasted 60%", pasted(0.6)},

		{"caption, crop 5%, brightness", then(plain(cropSides(0.05, 0.05, 0.05, 0.05)), captioned(0.2, 0), plain(tone(func(v float64) float64 { return v + 25 })))},
		{"border, flip", then(plain(flipped), plain(bordered(0.08, white)))},
		{"screenshot of a crop", then(cropRandom(0), phone(true))},
	}
}

type step = func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA

// plain is a step that needs no second picture and leaves nothing to chance.
func plain(do func(*image.RGBA) *image.RGBA) step {
	return func(src, _ *image.RGBA, _ *rand.Rand) *image.RGBA { return do(src) }
}

// then does steps one after the other.
func then(steps ...step) step {
	return func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA {
		for _, do := range steps {
			src = do(src, other, rng)
		}
		return src
	}
}
