package picture

import "image"

// fromYCbCr converts luma and chroma as libjpeg does, so that hashes differ little from those of programs that use it: chroma that has half the
// samples along a row, or along both sides, is interpolated by a triangle filter. Other ratios, which are rare, repeat samples. JPEG uses the
// full range (ITU-T T.871); WebP's lossy pictures use the range of video (RFC 6386, section 9.2).
func (p *Picture) fromYCbCr(img *image.YCbCr, video bool) {
	b := img.Rect
	toRGB := jpegRGB
	if video {
		toRGB = videoRGB
	}
	half := img.SubsampleRatio == image.YCbCrSubsampleRatio422 || img.SubsampleRatio == image.YCbCrSubsampleRatio420
	if !half || b.Min != (image.Point{}) || p.W < 4 {
		p.eachRow(b, func(y int, out []byte) {
			for x := range p.W {
				c := img.COffset(b.Min.X+x, y)
				toRGB(out[3*x:3*x+3:3*x+3], int32(img.Y[img.YOffset(b.Min.X+x, y)]), int32(img.Cb[c]), int32(img.Cr[c]))
			}
		})
		return
	}
	cw, ch := (p.W+1)/2, (p.H+1)/2
	alone := img.SubsampleRatio == image.YCbCrSubsampleRatio422
	cb, cr, sums := make([]int32, 2*cw), make([]int32, 2*cw), make([]int32, cw)
	p.eachRow(b, func(y int, out []byte) {
		near, far := y, y // the rows of chroma that contribute three quarters and one
		if !alone {
			near = y / 2
			far = min(max(near-1+y%2*2, 0), ch-1)
		}
		n, f := near*img.CStride, far*img.CStride
		widen(cb, sums, img.Cb[n:n+cw], img.Cb[f:f+cw], alone)
		widen(cr, sums, img.Cr[n:n+cw], img.Cr[f:f+cw], alone)
		luma := img.Y[y*img.YStride:][:p.W]
		for x, v := range luma {
			toRGB(out[3*x:3*x+3:3*x+3], int32(v), cb[x], cr[x])
		}
	})
}

// widen interpolates a row of chroma to twice its length: each sample is three quarters of the nearer and one quarter of the farther
// one, along the row and, unless alone, between two rows. Halves are rounded up and down in turn.
func widen(out, sums []int32, near, far []byte, alone bool) {
	n := len(near)
	shift, low, high := 4, int32(8), int32(7)
	if alone {
		shift, low, high = 2, 1, 2
		for i, v := range near {
			sums[i] = int32(v)
		}
	} else {
		for i, v := range near {
			sums[i] = 3*int32(v) + int32(far[i])
		}
	}
	for i, v := range sums {
		before, after := sums[max(i-1, 0)], sums[min(i+1, n-1)]
		out[2*i] = (3*v + before + low) >> shift
		out[2*i+1] = (3*v + after + high) >> shift
	}
}

func clip(v int32) byte { return byte(min(max(v, 0), 255)) }

// jpegRGB uses 16 bits behind the point and rounds.
func jpegRGB(out []byte, y, cb, cr int32) {
	cb, cr = cb-128, cr-128
	const half = 1 << 15
	out[0] = clip(y + (91881*cr+half)>>16)
	out[1] = clip(y + (-22554*cb-46802*cr+half)>>16)
	out[2] = clip(y + (116130*cb+half)>>16)
}

// videoRGB uses 14 bits behind the point, as libwebp does.
func videoRGB(out []byte, y, cb, cr int32) {
	l := y * 19077 >> 8
	out[0] = clip((l + cr*26149>>8 - 14234) >> 6)
	out[1] = clip((l - cb*6419>>8 - cr*13320>>8 + 8708) >> 6)
	out[2] = clip((l + cb*33050>>8 - 17685) >> 6)
}
