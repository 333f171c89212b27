package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"

	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/picture"
)

type mediaMatchCmd struct {
	Bank    string   `required:"" type:"existingfile" placeholder:"FILE" help:"A bank that media bank build made, or a list of hashes: hash or hash,id a line (PDQ, MD5, SHA-1, SHA-256)."`
	Files   []string `arg:"" name:"file" help:"Pictures, - for standard input."`
	Workers int      `default:"0" help:"Files to match at once; 0 is one a core. The lines come in the order of the files whatever it is."`
}

func (mediaMatchCmd) Help() string {
	return `Example:

	ringfence media match --bank known.bank upload.jpg

A line for each picture gives the known ones that it shows, the best first, and none if there are none:

	{"file":"upload.jpg","matches":[{"id":"flyer.png","method":"features","inliers":112,"score":1,"query":[0,200,800,1000],"banked":[0,0,600,600]}]}

method is sha256, sha1 or md5 (the same file); pdq or pdq512 (the same picture), pdq-rotated, pdq-mirrored or pdq-inverted; layout (the same picture within
this one); features or features-mirrored (a part of it within this one), which only a built bank finds. distance is in bits of 256, 31 at most; inliers
is how many features agree, 8 at least; score is 0 to 1 and no probability. query and banked are the rectangles that lie on one another: left, top,
right, bottom in pixels. A file that cannot be read is named on standard error, the others are matched all the same, and the exit code is 1.`
}

// mediaMatches is what is printed of a picture.
type mediaMatches struct {
	File    string       `json:"file"`
	Matches []mediaMatch `json:"matches"`
}

type mediaMatch struct {
	ID       string        `json:"id"`
	Method   lookup.Method `json:"method"`
	Distance *int          `json:"distance,omitempty"`
	Inliers  int           `json:"inliers,omitempty"`
	Score    float64       `json:"score"`
	Query    *[4]int       `json:"query,omitempty"`
	Banked   *[4]int       `json:"banked,omitempty"`
}

func newMediaMatch(m lookup.Match) mediaMatch {
	out := mediaMatch{ID: m.ID, Method: m.Method, Inliers: m.Inliers, Score: math.Round(1000*m.Score) / 1000, Query: corners(m.Query), Banked: corners(m.Banked)}
	if m.Inliers == 0 {
		out.Distance = &m.Distance
	}
	return out
}

// corners are left, top, right and bottom of a rectangle, if it is known.
func corners(r image.Rectangle) *[4]int {
	if r.Empty() {
		return nil
	}
	return &[4]int{r.Min.X, r.Min.Y, r.Max.X, r.Max.Y}
}

func (c mediaMatchCmd) Run(ctx context.Context) error {
	bank, err := openBank(c.Bank)
	if err != nil {
		return err
	}
	decoder := picture.Decoder{HEIF: picture.FindHEIF()}
	out := newLines()
	failed := 0
	err = inOrder(c.Files, c.Workers, func() func(string) (mediaMatches, error) {
		finder := lookup.NewFinder()
		return func(file string) (mediaMatches, error) {
			data, p, err := readPicture(ctx, decoder, file)
			if err != nil {
				return mediaMatches{}, err
			}
			line := mediaMatches{file, []mediaMatch{}}
			for _, m := range finder.Find(bank, data, p) {
				line.Matches = append(line.Matches, newMediaMatch(m))
			}
			return line, nil
		}
	}, func(file string, line mediaMatches, err error) error {
		if err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			return ctx.Err()
		}
		return out.json(line)
	})
	if err := errors.Join(err, out.w.Flush()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files could not be matched", failed, len(c.Files))
	}
	return nil
}

// maxBanked is how many hashes or pictures a bank on a file may have: beyond it, memory would be gone before a picture is looked at.
const maxBanked = 20_000_000

// openBank reads a built bank or a list of hashes, by how the file begins.
func openBank(path string) (*lookup.Bank, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	var bank *lookup.Bank
	if head, _ := in.Peek(len(lookup.Magic)); string(head) == lookup.Magic {
		bank, err = lookup.Read(in, maxBanked)
	} else {
		var items []lookup.Item
		if items, err = lookup.ReadList(in, maxBanked); err == nil {
			bank, err = lookup.Build(items)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if bank.Len() == 0 {
		return nil, fmt.Errorf("%s holds no hashes", path)
	}
	return bank, nil
}
