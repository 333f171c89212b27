package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/picture"
)

type mediaBankCmd struct {
	Build mediaBankBuildCmd `cmd:"" help:"Make a bank of the pictures in a folder."`
}

type mediaBankBuildCmd struct {
	Dir     string `arg:"" type:"existingdir" help:"Folder of pictures, with all folders in it."`
	Out     string `default:"pictures.bank" placeholder:"FILE" help:"The bank, which is replaced if it is there."`
	Workers int    `default:"0" help:"Files to read at once; 0 is one a core. The bank does not depend on it."`
	Quiet   bool   `short:"q" help:"No progress on standard error."`
}

func (mediaBankBuildCmd) Help() string {
	return `Example:

	ringfence media bank build known --out known.bank

Each picture stands in the bank under its path within the folder, with its digests, its PDQ hashes in both variants and its local features: some 20
kB. A file that is no picture is named on standard error, the others are banked all the same, and the exit code is 1. Two files of the
same bytes are two items. The features show much of a picture's structure: keep the bank as you keep the pictures.`
}

// bankBuilt is what is printed of a bank.
type bankBuilt struct {
	Bank     string `json:"bank"`
	Pictures int    `json:"pictures"`
	Refused  int    `json:"refused"`
}

func (c mediaBankBuildCmd) Run(ctx context.Context) error {
	var files []string
	err := filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	decoder := picture.Decoder{HEIF: picture.FindHEIF()}
	var items []lookup.Item
	refused, spoken := 0, time.Now()
	err = inOrder(files, c.Workers, func() func(string) (lookup.Item, error) {
		finder := lookup.NewFinder()
		return func(file string) (lookup.Item, error) {
			data, p, err := readPicture(ctx, decoder, file)
			if err != nil {
				return lookup.Item{}, err
			}
			id, err := filepath.Rel(c.Dir, file)
			if err != nil {
				return lookup.Item{}, err
			}
			return finder.Item(filepath.ToSlash(id), data, p)
		}
	}, func(file string, it lookup.Item, err error) error {
		if err != nil {
			refused++
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
		} else {
			items = append(items, it)
		}
		if now := time.Now(); !c.Quiet && now.Sub(spoken) >= 2*time.Second {
			spoken = now
			fmt.Fprintf(os.Stderr, "%d of %d files\n", len(items)+refused, len(files))
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return fmt.Errorf("%s holds no pictures", c.Dir)
	}
	bank, err := lookup.Build(items)
	if err != nil {
		return err
	}
	if err := replace(c.Out, bank); err != nil {
		return err
	}
	out := newLines()
	if err := errors.Join(out.json(bankBuilt{c.Out, len(items), refused}), out.w.Flush()); err != nil {
		return err
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d files are not in the bank", refused, len(files))
	}
	return nil
}

// replace writes a file whole or not at all.
func replace(path string, content io.WriterTo) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = content.WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
