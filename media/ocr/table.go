package ocr

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// parse reads the words of Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence and text, separated by
// tabs. Lines that are none, words that are no words and places outside the sheet are left out.
func parse(table []byte, s sheet) []Word {
	var out []Word
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(f) != 12 || f[0] != "5" {
			continue
		}
		var n [4]int
		ok := true
		for i := range n {
			v, err := strconv.Atoi(f[6+i])
			ok = ok && err == nil && v >= 0 && v <= 1<<20
			n[i] = v
		}
		confidence, err := strconv.ParseFloat(f[10], 64)
		box := image.Rect(n[0], n[1], n[0]+n[2], n[1]+n[3]).Intersect(s.Rect)
		text := strings.TrimSpace(strings.ToValidUTF8(f[11], ""))
		if !ok || err != nil || !(confidence >= 0 && confidence <= 100) || box.Empty() || !believable(text, confidence) {
			continue
		}
		out = append(out, Word{text, s.original(box), confidence, s.by})
	}
	return out
}

// believable tells words from what Tesseract sees in leaves and bricks: the fewer letters, the surer it must have been.
func believable(text string, confidence float64) bool {
	switch letters(text) {
	case 0:
		return false
	case 1:
		return confidence >= 85
	case 2:
		return confidence >= 70
	}
	return confidence >= 45
}

func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// merge puts the words of all preparations together. Of words that lie on one another that stays which has the most letters that were read surely.
func merge(found []Word) Text {
	worth := func(w Word) float64 { return (w.Confidence - 30) * math.Sqrt(float64(letters(w.Text))) }
	slices.SortStableFunc(found, func(a, b Word) int { return cmp.Compare(worth(b), worth(a)) })
	var kept []Word
	for _, w := range found {
		if !slices.ContainsFunc(kept, func(k Word) bool { return overlap(k.Box, w.Box) }) {
			kept = append(kept, w)
		}
	}
	return inLines(kept)
}

// overlap says whether two boxes share a third of the smaller one.
func overlap(a, b image.Rectangle) bool {
	shared := a.Intersect(b)
	return 3*area(shared) > min(area(a), area(b))
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }

// inLines orders words as they are read. A word belongs to a line if it is at about the height of the line's last word and not far from it.
func inLines(words []Word) Text {
	slices.SortStableFunc(words, func(a, b Word) int { return cmp.Compare(a.Box.Min.X, b.Box.Min.X) })
	var lines [][]Word
	for _, w := range words {
		at := slices.IndexFunc(lines, func(line []Word) bool {
			last := line[len(line)-1].Box
			low, high := min(last.Max.Y, w.Box.Max.Y), max(last.Min.Y, w.Box.Min.Y)
			height := min(last.Dy(), w.Box.Dy())
			return 2*(low-high) > height && w.Box.Min.X-last.Max.X < 4*max(last.Dy(), w.Box.Dy())
		})
		if at < 0 {
			lines = append(lines, nil)
			at = len(lines) - 1
		}
		lines[at] = append(lines[at], w)
	}
	slices.SortStableFunc(lines, func(a, b []Word) int { return cmp.Compare(middle(a), middle(b)) })
	var out Text
	for i, line := range lines {
		if i > 0 {
			out.lines = append(out.lines, len(out.Words))
		}
		out.Words = append(out.Words, line...)
	}
	return out
}

// middle is twice the mean height of a line's words.
func middle(line []Word) float64 {
	sum := 0
	for _, w := range line {
		sum += w.Box.Min.Y + w.Box.Max.Y
	}
	return float64(sum) / float64(len(line))
}
