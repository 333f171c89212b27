package picture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/ringfence/ringfence/media/internal/program"
)

// FindHEIF looks for libheif's program on the PATH; empty if there is none.
func FindHEIF() string {
	for _, name := range []string{"heif-dec", "heif-convert"} { // the first is the name since libheif 1.18
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// sniffHEIF tells HEIC and AVIF by the brands in their first box (ISO/IEC 23008-12, annex B; AV1 Image File Format, section 6).
func sniffHEIF(data []byte) Format {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return ""
	}
	size := int(binary.BigEndian.Uint32(data))
	if size < 16 || size > len(data) || size > 1024 {
		return ""
	}
	var brands []string
	for at := 8; at+4 <= size; at += 4 {
		brands = append(brands, string(data[at:at+4]))
	}
	switch {
	case slices.Contains(brands, "avif"), slices.Contains(brands, "avis"):
		return AVIF
	case slices.Contains(brands, "heic"), slices.Contains(brands, "heix"), slices.Contains(brands, "heim"), slices.Contains(brands, "heis"),
		slices.Contains(brands, "hevc"), slices.Contains(brands, "hevx"):
		return HEIC
	}
	return ""
}

// walkHEIF takes the sides of the largest picture that the boxes announce: tiles, previews and the whole all have a box. Those sides may be
// before a turn by a quarter.
func walkHEIF(data []byte) (layout, error) {
	var l layout
	at := data
	for _, path := range []struct {
		name string
		skip int // the version and flags of the box itself
	}{{"meta", 4}, {"iprp", 0}, {"ipco", 0}} {
		var inside []byte
		if err := boxes(at, func(name string, body []byte) {
			if name == path.name && inside == nil && len(body) >= path.skip {
				inside = body[path.skip:]
			}
		}); err != nil && inside == nil {
			return l, err
		}
		if at = inside; at == nil {
			return l, fmt.Errorf("%w: it has no box %q", ErrMalformed, path.name)
		}
	}
	err := boxes(at, func(name string, body []byte) {
		if name != "ispe" || len(body) < 12 {
			return
		}
		w, h := int(binary.BigEndian.Uint32(body[4:])), int(binary.BigEndian.Uint32(body[8:]))
		if w > 0 && h > 0 && w < 1<<31 && h < 1<<31 && (l.w == 0 || w > l.w*l.h/h) {
			l.w, l.h = w, h
		}
	})
	return l, err
}

// boxes calls do for each box of ISO base media data (ISO/IEC 14496-12, section 4.2).
func boxes(data []byte, do func(name string, body []byte)) error {
	for len(data) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(data)), 8
		name := string(data[4:8])
		switch {
		case size == 0: // to the end
			size = uint64(len(data))
		case size == 1 && len(data) >= 16:
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < uint64(head) || size > uint64(len(data)) {
			return cutOff(fmt.Sprintf("box %q", name))
		}
		do(name, data[head:size])
		data = data[size:]
	}
	return nil
}

const (
	heifTime   = 30 * time.Second
	heifMemory = 2 << 30
)

// decodeHEIF has libheif's program write a PNG, which applies the file's own orientation, and decodes that.
func (d Decoder) decodeHEIF(ctx context.Context, format Format, data []byte) (*Picture, error) {
	if d.HEIF == "" {
		return nil, fmt.Errorf("%s: %w: install heif-dec or heif-convert (Debian: libheif-examples)", format, ErrNoDecoder)
	}
	dir, err := os.MkdirTemp("", "heif-")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	defer os.RemoveAll(dir)
	in := filepath.Join(dir, "in."+string(format))
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	ctx, cancel := context.WithTimeout(ctx, heifTime)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	most := 8 * or(d.MaxPixels, DefaultMaxPixels) // a PNG that does not compress
	cmd := program.Command(ctx, program.Limits{Memory: heifMemory, CPU: heifTime, Written: most}, d.HEIF, in, filepath.Join(dir, "out.png"))
	said := &program.Said{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, said, said
	go watchFolder(ctx, dir, int64(2*most), stop)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %s: %w", format, filepath.Base(d.HEIF), context.Cause(ctx))
		}
		return nil, fmt.Errorf("%s: %w: %s: %w: %s", format, ErrMalformed, filepath.Base(d.HEIF), err, said)
	}
	for _, name := range []string{"out.png", "out-1.png"} { // a file of several pictures gives several
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || info.Size() > int64(most) {
			return nil, fmt.Errorf("%s: %w: the picture inside is over the limits", format, ErrTooLarge)
		}
		decoded, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		d.MaxBytes = most
		return d.Decode(ctx, decoded)
	}
	return nil, fmt.Errorf("%s: %w: %s wrote no picture", format, ErrMalformed, filepath.Base(d.HEIF))
}

// watchEvery is how often the size of a folder is looked at.
const watchEvery = 20 * time.Millisecond

// watchFolder stops a program when its folder holds more than so many bytes: a file of many pictures makes it write many files, each within
// the limit of one. Between two looks it can write as much as the disk takes.
func watchFolder(ctx context.Context, dir string, most int64, stop context.CancelCauseFunc) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return // it is gone: the program has ended
		}
		total := int64(0)
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				total += info.Size()
			}
		}
		if total > most {
			stop(fmt.Errorf("%w: the pictures inside are over the limits together", ErrTooLarge))
			return
		}
	}
}
