package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/ringfence/ringfence/media/ocr"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/text/match"
)

type mediaTextCmd struct {
	Files     []string `arg:"" name:"file" help:"Pictures, - for standard input."`
	Terms     string   `help:"File of terms to look for in what is read: .txt with a term a line, or .yaml with their fields."`
	Languages string   `default:"eng" help:"Tesseract's data to read with, joined by +, such as eng+deu."`
	Workers   int      `default:"0" help:"Files to read at once; 0 is one a core. The lines come in the order of the files whatever it is."`
}

func (mediaTextCmd) Help() string {
	return `Example:

	ringfence media text --terms terms.txt meme.jpg screenshot.png

It needs tesseract. Each picture is read as it is, inverted, and reduced to the letters that have an outline, as on memes. Matches are those of
"text match" in the text, so that a term is found though some letters were misread.`
}

// mediaText is what a picture says, as it is printed.
type mediaText struct {
	File    string       `json:"file"`
	Text    string       `json:"text"`
	Words   []mediaWord  `json:"words"`
	Matches *[]textMatch `json:"matches,omitempty"` // only where terms are given
}

type mediaWord struct {
	Text       string  `json:"text"`
	Box        [4]int  `json:"box"` // left, top, right, bottom
	Confidence float64 `json:"confidence"`
}

func (c mediaTextCmd) Run(ctx context.Context) error {
	var bank *match.Bank
	if c.Terms != "" {
		var err error
		if bank, err = compileTerms(c.Terms); err != nil {
			return err
		}
	}
	decoder := picture.Decoder{HEIF: picture.FindHEIF()}
	reader := ocr.Reader{Tesseract: ocr.FindTesseract(), Languages: c.Languages}
	out := newLines()
	failed := 0
	err := inOrder(c.Files, c.Workers, func() func(string) (mediaText, error) {
		var finder match.Finder
		return func(file string) (mediaText, error) {
			_, p, err := readPicture(ctx, decoder, file)
			if err != nil {
				return mediaText{}, err
			}
			read, err := reader.Read(ctx, p)
			if err != nil {
				return mediaText{}, err
			}
			line := mediaText{File: file, Text: read.String(), Words: []mediaWord{}}
			for _, w := range read.Words {
				line.Words = append(line.Words, mediaWord{w.Text, [4]int{w.Box.Min.X, w.Box.Min.Y, w.Box.Max.X, w.Box.Max.Y}, math.Round(w.Confidence)})
			}
			if bank != nil {
				matches := matched(bank, finder.Find(bank, line.Text), line.Text, -1)
				line.Matches = &matches
			}
			return line, nil
		}
	}, func(file string, line mediaText, err error) error {
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
		return fmt.Errorf("%d of %d files were not read", failed, len(c.Files))
	}
	return nil
}
