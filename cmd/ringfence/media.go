package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
)

type mediaCmd struct {
	Hash mediaHashCmd `cmd:"" help:"The hashes of pictures: PDQ in both variants, MD5 and SHA-256."`
}

type mediaHashCmd struct {
	Files   []string `arg:"" name:"file" help:"Pictures (JPEG, PNG, GIF, WebP, BMP, TIFF; HEIC and AVIF if heif-convert is installed), - for standard input."`
	Workers int      `default:"0" help:"Files to hash at once; 0 is one a core. The lines come in the order of the files whatever it is."`
}

func (mediaHashCmd) Help() string {
	return `Example:

	ringfence media hash photo.jpg scan.png

pdq is the hash of the picture as it is, which HMA and vPDQ use; pdq512 is that of the reference's own file hasher, which first reduces a
picture with a side over 512 to 512 by 512. Both are taken after the turn that EXIF data asks for, which the reference ignores. Of an animation
the first frame is hashed. A hash whose quality is under 50 says little. A file that cannot be hashed is named on standard error, the
others are hashed all the same, and the exit code is 1.`
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
	type hashed struct {
		line mediaHash
		err  error
	}
	type job struct {
		file string
		done chan hashed
	}
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	decoder := picture.Decoder{HEIF: picture.FindHEIF()}
	todo, order := make(chan job), make(chan job, workers)
	for range workers {
		go func() {
			hasher := pdq.NewHasher()
			for j := range todo {
				line, err := hashFile(ctx, decoder, hasher, j.file)
				j.done <- hashed{line, err}
			}
		}()
	}
	go func() {
		for _, file := range c.Files {
			j := job{file, make(chan hashed, 1)}
			order <- j
			todo <- j
		}
		close(todo)
		close(order)
	}()
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	failed := 0
	for j := range order {
		h := <-j.done
		if h.err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "%s: %v\n", j.file, h.err)
			continue
		}
		if err := out.Encode(h.line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files have no hash", failed, len(c.Files))
	}
	return nil
}

// hashFile hashes one file. A file over the decoder's limit is not read further than that.
func hashFile(ctx context.Context, decoder picture.Decoder, hasher *pdq.Hasher, file string) (mediaHash, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return mediaHash{}, reason(err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, picture.DefaultMaxBytes+1))
	if err != nil {
		return mediaHash{}, reason(err)
	}
	p, err := decoder.Decode(ctx, data)
	if err != nil {
		return mediaHash{}, err
	}
	full, squashed := hasher.Full(p.Pix, p.W, p.H), hasher.Squashed(p.Pix, p.W, p.H)
	plain, strong := md5.Sum(data), sha256.Sum256(data)
	return mediaHash{file, hex.EncodeToString(plain[:]), hex.EncodeToString(strong[:]), full.Hash(), full.Quality,
		squashed.Hash(), squashed.Quality, p.W, p.H}, nil
}

// reason is what an error says beyond the path, which is printed with it.
func reason(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
