// Package ocr reads the text in pictures by running Tesseract: captions, screenshots, and what is written onto photos.
//
// Tesseract expects dark print on light paper. Text on photos is light with a dark outline, so that it can be read on any ground, and Tesseract alone
// reads less than half of it. A [Reader] shows it each picture in several preparations (see [Preparation]) and joins what they gave: of words
// that lie on one another the one that was read most surely, in lines from the top.
//
// # What it does not read
//
// Text at an angle, bent or in handwriting; letters lower than about 12 pixels; light text without an outline over a light photo; languages whose
// Tesseract data are not installed. What is read has errors: match it as text that somebody disguised is matched. docs/media.md states how much of
// the text of memes is read.
package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os/exec"
	"regexp"
	"time"

	"github.com/ringfence/ringfence/media/internal/program"
	"github.com/ringfence/ringfence/media/picture"
)

// Errors that say why a picture was not read.
var (
	ErrNoTesseract = errors.New("tesseract is not installed")
	ErrFailed      = errors.New("tesseract failed")
)

const (
	memory   = 1 << 30
	maxTable = 8 << 20 // bytes that Tesseract may answer
	perRun   = 20 * time.Second
	resolves = "300" // dots an inch, told to Tesseract so that it does not guess
)

// Reader reads pictures. Once its fields are set it is safe for concurrent use.
//
// Each picture runs Tesseract up to four times, one after the other, each with one thread, at most 1 GiB of address space and 20 seconds; one run takes a fifth
// to a half of a second for a picture of a megapixel. A picture is shown with its longer side between 1,200 and 2,400 pixels, whatever it
// has.
type Reader struct {
	Tesseract string // the path of the program; empty if there is none. See [FindTesseract].
	Languages string // as Tesseract names its data, joined by +; empty is eng
}

// FindTesseract looks for Tesseract on the PATH; empty if there is none.
func FindTesseract() string {
	path, err := exec.LookPath("tesseract")
	if err != nil {
		return ""
	}
	return path
}

// Word is a word in a picture.
type Word struct {
	Text       string
	Box        image.Rectangle // in pixels of the picture
	Confidence float64         // 0 to 100, as Tesseract gives it
	By         Preparation
}

// Text is what a picture says.
type Text struct {
	// Words are in the order of reading: lines from the top, each from the left.
	Words []Word
	lines []int // where a line begins, but for the first
}

// String is the text, a line for each line of the picture.
func (t Text) String() string {
	var out []byte
	lines := t.lines
	for i, w := range t.Words {
		switch {
		case len(lines) > 0 && lines[0] == i:
			out, lines = append(out, '\n'), lines[1:]
		case i > 0:
			out = append(out, ' ')
		}
		out = append(out, w.Text...)
	}
	return string(out)
}

var languages = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\+[A-Za-z][A-Za-z0-9_]*){0,15}$`)

// Read reads a picture. What is under a transparent part is read as it is seen on white. It ends early with the context's error.
func (r Reader) Read(ctx context.Context, p *picture.Picture) (Text, error) {
	if r.Tesseract == "" {
		return Text{}, fmt.Errorf("%w: install it (Debian: apt-get install tesseract-ocr)", ErrNoTesseract)
	}
	if r.Languages == "" {
		r.Languages = "eng"
	}
	if !languages.MatchString(r.Languages) {
		return Text{}, fmt.Errorf("languages %q: want names of Tesseract's data joined by +, such as eng+deu", r.Languages)
	}
	if p.W < minSide || p.H < minSide {
		return Text{}, nil
	}
	var found []Word
	for _, sheet := range prepare(p.Over(255, 255, 255)) {
		words, err := r.read(ctx, sheet)
		if err != nil {
			return Text{}, err
		}
		found = append(found, words...)
	}
	return merge(found), nil
}

// read has Tesseract read one sheet.
func (r Reader) read(ctx context.Context, s sheet) ([]Word, error) {
	limited, cancel := context.WithTimeout(ctx, perRun)
	defer cancel()
	cmd := program.Command(limited, program.Limits{Memory: memory, CPU: perRun}, r.Tesseract, "stdin", "stdout",
		"-l", r.Languages, "--dpi", resolves, "--psm", "11", "tsv")
	cmd.Env = append(cmd.Env, "OMP_THREAD_LIMIT=1")
	var in bytes.Buffer
	fmt.Fprintf(&in, "P5\n%d %d\n255\n", s.Rect.Dx(), s.Rect.Dy()) // netpbm's PGM
	in.Write(s.Pix)
	said, table := &program.Said{}, &program.Output{Most: maxTable}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, table, said
	if err := cmd.Run(); err != nil {
		if limited.Err() != nil {
			err = context.Cause(limited)
		}
		return nil, fmt.Errorf("%w: %w: %s", ErrFailed, err, said)
	}
	return parse(table.Data, s), nil
}
