package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// sniff tells a format from the first bytes of a file; empty if it is none of ours.
func sniff(data []byte) Format {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return GIF
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return WebP
	case bytes.HasPrefix(data, []byte("BM")):
		return BMP
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return TIFF
	}
	return sniffHEIF(data)
}

// walk reads the structure of a file, in which there may be so many frames.
func walk(format Format, data []byte, maxFrames int) (layout, error) {
	switch format {
	case JPEG:
		return walkJPEG(data)
	case PNG:
		return walkPNG(data)
	case GIF:
		return walkGIF(data, maxFrames)
	case WebP:
		return walkWebP(data, maxFrames)
	case BMP:
		c, err := bmp.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return layout{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return layout{w: c.Width, h: c.Height}, nil
	case TIFF:
		c, err := tiff.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return layout{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return layout{w: c.Width, h: c.Height, orientation: orientation(data)}, nil
	default:
		return walkHEIF(data)
	}
}

func tooManyFrames(most int) error {
	return fmt.Errorf("%w: it has over %d frames", ErrTooLarge, most)
}

func cutOff(where string) error { return fmt.Errorf("%w: it is cut off in %s", ErrMalformed, where) }

// maxScans is how often a progressive JPEG may go over its pixels. Encoders do it ten times or so; each time costs as much as the
// first, however few bytes it takes.
const maxScans = 100

// walkJPEG follows the markers (ITU-T T.81, annex B) up to the end of the picture.
func walkJPEG(data []byte) (layout, error) {
	var l layout
	scans := 0
	for at := 2; ; {
		next := bytes.IndexByte(data[min(at, len(data)):], 0xff) // bytes between segments are an error that decoders forgive
		if next < 0 {
			return l, cutOff("its markers")
		}
		for at += next; at+1 < len(data) && data[at+1] == 0xff; {
			at++ // fill bytes
		}
		if at+2 > len(data) {
			return l, cutOff("its markers")
		}
		marker := data[at+1]
		at += 2
		switch {
		case marker == 0xd9:
			l.end = at
			return l, nil
		case marker == 0 || marker == 0xd8 || marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			continue
		}
		if at+2 > len(data) {
			return l, cutOff("a segment")
		}
		size := int(binary.BigEndian.Uint16(data[at:]))
		if size < 2 || at+size > len(data) {
			return l, cutOff("a segment")
		}
		body := data[at+2 : at+size]
		at += size
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc: // start of frame
			if len(body) < 5 {
				return l, cutOff("its header")
			}
			if l.w != 0 {
				return l, fmt.Errorf("%w: it has two headers", ErrMalformed)
			}
			l.h, l.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
		case marker == 0xe1 && l.orientation == 0 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			l.orientation = orientation(body[6:])
		case marker == 0xda: // start of scan: its data lasts until the next marker that is no restart
			if scans++; scans > maxScans {
				return l, fmt.Errorf("%w: it has over %d scans", ErrTooLarge, maxScans)
			}
			for {
				next := bytes.IndexByte(data[at:], 0xff)
				if next < 0 || at+next+1 >= len(data) {
					return l, cutOff("its pixels")
				}
				at += next
				if m := data[at+1]; m != 0 && m != 0xff && (m < 0xd0 || m > 0xd7) {
					break
				}
				at++
			}
		}
	}
}

// walkPNG follows the chunks (PNG, third edition, section 5.3).
func walkPNG(data []byte) (layout, error) {
	var l layout
	for at := 8; ; {
		if at+12 > len(data) {
			return l, cutOff("its chunks")
		}
		size := int(binary.BigEndian.Uint32(data[at:]))
		kind := string(data[at+4 : at+8])
		if size < 0 || size > len(data)-at-12 {
			return l, cutOff("chunk " + fmt.Sprintf("%q", kind))
		}
		body := data[at+8 : at+8+size]
		at += 12 + size
		switch kind {
		case "IHDR":
			if size < 8 || l.w != 0 {
				return l, fmt.Errorf("%w: chunk IHDR", ErrMalformed)
			}
			w, h := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > 1<<31-1 || h > 1<<31-1 {
				return l, fmt.Errorf("%w: chunk IHDR", ErrMalformed)
			}
			l.w, l.h = int(w), int(h)
		case "eXIf":
			l.orientation = orientation(body)
		case "IEND":
			l.end = at
			return l, nil
		}
	}
}

// signatures start files that something other than a viewer of pictures would open or run, with what they are. Letters are lower case.
var signatures = []struct{ bytes, what string }{
	{"rar!\x1a\x07", "a RAR archive"}, {"7z\xbc\xaf\x27\x1c", "a 7z archive"}, {"%pdf-", "a PDF document"}, {"\x7felf", "a program"},
	{"<?php", "a PHP script"}, {"<script", "an HTML page"}, {"<html", "an HTML page"}, {"<!doctype html", "an HTML page"},
}

// polyglot refuses a file in which another program would see a file of its own, behind the picture's end. Cameras put things there, too
// (previews, depth, short videos): those are let be.
func polyglot(data []byte, end int) error {
	const start = 1024 // how far readers of PDF, the most lenient, look for a beginning
	rest := data[end:]
	head := make([]byte, min(len(rest), start))
	for i := range head {
		head[i] = rest[i]
		if 'A' <= head[i] && head[i] <= 'Z' {
			head[i] += 'a' - 'A'
		}
	}
	for _, s := range signatures {
		if at := bytes.Index(head, []byte(s.bytes)); at >= 0 {
			return fmt.Errorf("%w: %s begins %d bytes behind its end", ErrPolyglot, s.what, at)
		}
	}
	// A ZIP archive is found from the end of the file: its last record is 22 bytes and a comment, whose length it tells.
	const record, comment = 22, 1 << 16
	tail := data[max(len(data)-record-comment, 0):]
	for at := 0; ; at++ {
		next := bytes.Index(tail[at:], []byte("PK\x05\x06"))
		if next < 0 {
			return nil
		}
		at += next
		if len(tail)-at >= record && at+record+int(binary.LittleEndian.Uint16(tail[at+20:])) == len(tail) {
			return fmt.Errorf("%w: it ends in a ZIP archive", ErrPolyglot)
		}
	}
}
