package main

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
)

type mediaCmd struct {
	Hash    mediaHashCmd    `cmd:"" help:"The hashes of pictures and videos: PDQ in both variants or of frames, MD5 and SHA-256."`
	Bank    mediaBankCmd    `cmd:"" help:"Banks of known pictures, as files."`
	Match   mediaMatchCmd   `cmd:"" help:"Which known pictures the given ones show, also turned, framed, cropped or written on."`
	Frames  mediaFramesCmd  `cmd:"" help:"The hashes of a video's frames, as vPDQ writes them."`
	Compare mediaCompareCmd `cmd:"" help:"Which seconds of a video are which seconds of another, and vPDQ's percentages."`
	Text    mediaTextCmd    `cmd:"" help:"The text in pictures, and listed terms in it."`
}

type mediaHashCmd struct {
	Files   []string `arg:"" name:"file" help:"Pictures (JPEG, PNG, GIF, WebP, BMP, TIFF; HEIC and AVIF if heif-convert is installed), videos if ffmpeg is, - for a picture on standard input."`
	Workers int      `default:"0" help:"Files to hash at once; 0 is one a core. The lines come in the order of the files whatever it is."`
	framesFlags
}

func (mediaHashCmd) Help() string {
	return `Example:

	ringfence media hash photo.jpg scan.png

pdq is the hash of the picture as it is, which HMA and vPDQ use; pdq512 is that of the reference's own file hasher, which first reduces a
picture with a side over 512 to 512 by 512. Both are taken after the turn that EXIF data asks for, which the reference ignores. Of an animation
the first frame is hashed, of a video one a second and those at which the scene changes. A hash whose quality is under 50 says little. A file
that cannot be hashed is named on standard error, the others are hashed all the same, and the exit code is 1.`
}

// mediaHash is one picture as it is printed.
type mediaHash struct {
	File       string   `json:"file"`
	MD5        string   `json:"md5"`
	SHA256     string   `json:"sha256"`
	PDQ        pdq.Hash `json:"pdq"`
	Quality    int      `json:"quality"`
	PDQ512     pdq.Hash `json:"pdq512"`
	Quality512 int      `json:"quality512"`
	Width      int      `json:"width"`
	Height     int      `json:"height"`
}

func (c mediaHashCmd) Run(ctx context.Context) error {
	decoder := picture.Decoder{HEIF: picture.FindHEIF()}
	out := newLines()
	failed := 0
	err := inOrder(c.Files, c.Workers, func() func(string) (any, error) {
		hasher := pdq.NewHasher()
		return func(file string) (any, error) {
			if isVideo(file) {
				return hashVideo(ctx, c.hasher(), file)
			}
			return hashFile(ctx, decoder, hasher, file)
		}
	}, func(file string, line any, err error) error {
		if err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			return nil
		}
		return out.json(line)
	})
	if err := errors.Join(err, out.w.Flush()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files have no hash", failed, len(c.Files))
	}
	return nil
}

func hashFile(ctx context.Context, decoder picture.Decoder, hasher *pdq.Hasher, file string) (mediaHash, error) {
	data, p, err := readPicture(ctx, decoder, file)
	if err != nil {
		return mediaHash{}, err
	}
	full, squashed := hasher.Full(p.Pix, p.W, p.H), hasher.Squashed(p.Pix, p.W, p.H)
	plain, strong := md5.Sum(data), sha256.Sum256(data)
	return mediaHash{file, hex.EncodeToString(plain[:]), hex.EncodeToString(strong[:]), full.Hash(), full.Quality,
		squashed.Hash(), squashed.Quality, p.W, p.H}, nil
}

// readPicture reads and decodes a file. One over the decoder's limit is not read further than that.
func readPicture(ctx context.Context, decoder picture.Decoder, file string) ([]byte, *picture.Picture, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, nil, reason(err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, picture.DefaultMaxBytes+1))
	if err != nil {
		return nil, nil, reason(err)
	}
	p, err := decoder.Decode(ctx, data)
	return data, p, err
}

// inOrder works on several files at once, and takes the results in the files' order. Each of the workers, as many as cores if 0,
// has a function of its own. It ends with the first error of take.
func inOrder[T any](files []string, workers int, worker func() func(file string) (T, error), take func(file string, result T, err error) error) error {
	type done struct {
		result T
		err    error
	}
	type job struct {
		file string
		done chan done
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	todo, order, stop := make(chan job), make(chan job, workers), make(chan struct{})
	defer close(stop)
	for range min(workers, len(files)) {
		work := worker()
		go func() {
			for j := range todo {
				result, err := work(j.file)
				j.done <- done{result, err}
			}
		}()
	}
	go func() {
		defer close(todo)
		defer close(order)
		for _, file := range files {
			j := job{file, make(chan done, 1)}
			for _, to := range []chan job{order, todo} {
				select {
				case to <- j:
				case <-stop:
					return
				}
			}
		}
	}()
	for j := range order {
		d := <-j.done
		if err := take(j.file, d.result, d.err); err != nil {
			return err
		}
	}
	return nil
}

// reason is what an error says beyond the path, which is printed with it.
func reason(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}
