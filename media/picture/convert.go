package picture

import (
	"image"
	"image/color"
)

// convert copies a decoded image into RGB.
func convert(img image.Image, format Format) *Picture {
	b := img.Bounds()
	p := &Picture{W: b.Dx(), H: b.Dy(), Pix: make([]byte, 3*b.Dx()*b.Dy())}
	switch img := img.(type) {
	case *image.YCbCr:
		p.fromYCbCr(img, format == WebP)
	case *image.NYCbCrA:
		p.fromYCbCr(&img.YCbCr, format == WebP)
		p.Alpha = make([]byte, p.W*p.H)
		for y := range p.H {
			copy(p.Alpha[y*p.W:][:p.W], img.A[y*img.AStride:])
		}
	case *image.Gray:
		p.eachRow(b, func(y int, out []byte) {
			in := img.Pix[img.PixOffset(b.Min.X, y):][:p.W]
			for x, v := range in {
				out[3*x], out[3*x+1], out[3*x+2] = v, v, v
			}
		})
	case *image.NRGBA:
		p.fromNRGBA(b, func(y int) []byte { return img.Pix[img.PixOffset(b.Min.X, y):] })
	case *image.RGBA:
		if img.Opaque() {
			p.fromNRGBA(b, func(y int) []byte { return img.Pix[img.PixOffset(b.Min.X, y):] })
		} else {
			p.fromColors(img)
		}
	case *image.NRGBA64:
		p.fromWide(b, func(y int) []byte { return img.Pix[img.PixOffset(b.Min.X, y):] })
	case *image.RGBA64:
		if img.Opaque() {
			p.fromWide(b, func(y int) []byte { return img.Pix[img.PixOffset(b.Min.X, y):] })
		} else {
			p.fromColors(img)
		}
	case *image.Paletted:
		p.fromPaletted(img)
	default:
		p.fromColors(img)
	}
	return p.opaque()
}

func (p *Picture) eachRow(b image.Rectangle, do func(y int, out []byte)) {
	for y := range p.H {
		do(b.Min.Y+y, p.Pix[3*y*p.W:][:3*p.W])
	}
}

// fromNRGBA copies rows of four bytes a pixel whose colours are not multiplied by alpha, or are opaque.
func (p *Picture) fromNRGBA(b image.Rectangle, row func(y int) []byte) {
	p.Alpha = make([]byte, p.W*p.H)
	p.eachRow(b, func(y int, out []byte) {
		in, alpha := row(y)[:4*p.W], p.Alpha[(y-b.Min.Y)*p.W:][:p.W]
		for x := range alpha {
			q := in[4*x : 4*x+4 : 4*x+4]
			o := out[3*x : 3*x+3 : 3*x+3]
			o[0], o[1], o[2] = q[0], q[1], q[2]
			alpha[x] = q[3]
		}
	})
}

// fromWide is fromNRGBA for rows of eight bytes a pixel, the higher byte of each channel first.
func (p *Picture) fromWide(b image.Rectangle, row func(y int) []byte) {
	p.Alpha = make([]byte, p.W*p.H)
	p.eachRow(b, func(y int, out []byte) {
		in, alpha := row(y)[:8*p.W], p.Alpha[(y-b.Min.Y)*p.W:][:p.W]
		for x := range alpha {
			q := in[8*x : 8*x+8 : 8*x+8]
			o := out[3*x : 3*x+3 : 3*x+3]
			o[0], o[1], o[2] = q[0], q[2], q[4]
			alpha[x] = q[6]
		}
	})
}

// fromPaletted looks each colour up once. An index without a colour is black.
func (p *Picture) fromPaletted(img *image.Paletted) {
	var table [256]color.NRGBA
	for i := range table {
		table[i].A = 255
		if i < len(img.Palette) {
			table[i] = color.NRGBAModel.Convert(img.Palette[i]).(color.NRGBA)
		}
	}
	p.Alpha = make([]byte, p.W*p.H)
	b := img.Bounds()
	p.eachRow(b, func(y int, out []byte) {
		for x, v := range img.Pix[img.PixOffset(b.Min.X, y):][:p.W] {
			c := table[v]
			out[3*x], out[3*x+1], out[3*x+2] = c.R, c.G, c.B
			p.Alpha[(y-b.Min.Y)*p.W+x] = c.A
		}
	})
}

// fromColors is slow and right for any image.
func (p *Picture) fromColors(img image.Image) {
	p.Alpha = make([]byte, p.W*p.H)
	b := img.Bounds()
	p.eachRow(b, func(y int, out []byte) {
		for x := range p.W {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+x, y)).(color.NRGBA)
			out[3*x], out[3*x+1], out[3*x+2] = c.R, c.G, c.B
			p.Alpha[(y-b.Min.Y)*p.W+x] = c.A
		}
	})
}
