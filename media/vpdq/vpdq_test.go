package vpdq

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/media/pdq"
)

const someHash = "d8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"

func TestReadWrite(t *testing.T) {
	const list = "0,100," + someHash + ",0.000\n30,50," + someHash + ",1.001\n"
	frames, err := Read(strings.NewReader("\n" + strings.ReplaceAll(list, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := pdq.Parse(someHash)
	want := []Frame{{0, 0, 100, hash}, {30, 1001 * time.Millisecond, 50, hash}}
	if diff := cmp.Diff(want, frames); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	var out bytes.Buffer
	if err := Write(&out, frames); err != nil || out.String() != list {
		t.Errorf("Write = %q, %v: want %q", out.String(), err, list)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"short hash":     "0,100,abcd,0.0",
		"three fields":   "100," + someHash + ",0.0",
		"five fields":    "0,100," + someHash + ",0.0,1",
		"quality":        "0,101," + someHash + ",0.0",
		"negative":       "-1,100," + someHash + ",0.0",
		"negative time":  "0,100," + someHash + ",-1",
		"no time":        "0,100," + someHash + ",NaN",
		"over a day":     "0,100," + someHash + ",86401",
		"endless":        "0,100," + someHash + ",Inf",
		"a line too far": strings.Repeat(" ", 2000),
	} {
		if _, err := Read(strings.NewReader("0,100," + someHash + ",0.0\n" + line + "\n")); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got error %v, want ErrSyntax on line 2", name, err)
		}
	}
}

func TestSignal(t *testing.T) {
	hash, _ := pdq.Parse(someHash)
	want := []Frame{{0, 0, 100, hash}, {1, 1500 * time.Millisecond, 0, hash}}
	signal := Signal(want)
	if got, want := string(signal), `["`+someHash+`,100,0.000","`+someHash+`,0,1.500"]`; got != want {
		t.Errorf("Signal = %s, want %s", got, want)
	}
	got, err := ReadSignal(signal)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadSignal (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "{}", "[1]", `["x"]`, `["` + someHash + `,100"]`, `["` + someHash + `,100,0,0"]`} {
		if _, err := ReadSignal([]byte(bad)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: got error %v, want ErrSyntax", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("0,100," + someHash + ",0.000\n30,50," + someHash + ",1.001\n"))
	f.Add([]byte("0,100," + strings.ToUpper(someHash) + ",1e3"))
	f.Add([]byte("0,,,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, frames); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if diff := cmp.Diff(frames, again); diff != "" {
			t.Fatalf("written and read again (-first +second):\n%s", diff)
		}
	})
}

func FuzzReadSignal(f *testing.F) {
	f.Add([]byte(`["` + someHash + `,100,0.000","` + someHash + `,0,1.500"]`))
	f.Add([]byte(`["",",,",null]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, err := ReadSignal(data)
		if err != nil {
			return
		}
		again, err := ReadSignal(Signal(frames))
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if diff := cmp.Diff(frames, again); diff != "" {
			t.Fatalf("written and read again (-first +second):\n%s", diff)
		}
	})
}

func TestIsVideo(t *testing.T) {
	for name, tc := range map[string]struct {
		head string
		want bool
	}{
		"mp4":           {"\x00\x00\x00\x20ftypisom", true},
		"old QuickTime": {"\x00\x00\x10\x20moov", true},
		"webm":          {"\x1a\x45\xdf\xa3\x9f\x42", true},
		"avi":           {"RIFF\x00\x00\x00\x00AVI LIST", true},
		"wave":          {"RIFF\x00\x00\x00\x00WAVE", false},
		"avif":          {"\x00\x00\x00\x20ftypavif", false},
		"heic":          {"\x00\x00\x00\x20ftypheic", false},
		"jpeg":          {"\xff\xd8\xff\xe0", false},
		"gif":           {"GIF89a", false},
		"transport":     {"\x47" + strings.Repeat("x", 187) + "\x47", true},
		"text":          {"Greetings" + strings.Repeat(" ", 200), false},
		"playlist":      {"#EXTM3U\n", false},
		"empty":         {"", false},
	} {
		if got := IsVideo([]byte(tc.head)); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}

// samples are the reference's sample videos.
func samples(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED names no folder with the reference's sample videos")
	}
	return filepath.Join(shared, "data/media/vpdq")
}

func readSample(t *testing.T, name string) []Frame {
	t.Helper()
	f, err := os.Open(filepath.Join(samples(t), "sample-hashes", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	frames, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// TestSampleVideos holds the frames of the reference's sample videos to its sample hashes. Its own test allows 30 bits. What another version of
// ffmpeg moves is up to 6 on most and 22 on frames of noise; frames below the quality that counts are black here, and their hashes chance.
func TestSampleVideos(t *testing.T) {
	for name, most := range map[string]int{
		"test-padded-dimensions": 0, "pattern-sd-grey-bar": 6, "pattern-sd-with-large-logo-bar": 6, "pattern-sd-with-small-logo-bar": 6,
		"doorknob-hd-no-bar": 22,
	} {
		want := readSample(t, name)
		h := Hasher{FFmpeg: ffmpeg(t), EveryFrame: true}
		v, err := h.Hash(t.Context(), filepath.Join(samples(t), name+".mp4"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(v.Frames) != len(want) || v.Cut != "" {
			t.Errorf("%s: got %d frames, cut %q: want %d", name, len(v.Frames), v.Cut, len(want))
			continue
		}
		farthest := 0
		for i, f := range v.Frames {
			if f.Number != want[i].Number || f.Time != want[i].Time || f.Quality < want[i].Quality-1 || f.Quality > want[i].Quality+1 {
				t.Errorf("%s: frame %d: got %+v, want %+v", name, i, f, want[i])
			}
			if f.Quality >= pdq.MinQuality {
				farthest = max(farthest, f.Hash.Distance(want[i].Hash))
			}
		}
		t.Logf("%s: %d frames, the farthest %d bits", name, len(want), farthest)
		if farthest > most {
			t.Errorf("%s: a frame is %d bits off, want at most %d", name, farthest, most)
		}
	}
}

// TestSamplePercentages compares the reference's sample hashes by its rules, and shows what they miss: the same clip with a large logo
// hardly matches, and without its bars not at all.
func TestSamplePercentages(t *testing.T) {
	for _, tc := range []struct {
		query, known           string
		queryPercent, knownPer float64
		frames                 int // of the longest segment
	}{
		{"pattern-sd-grey-bar", "pattern-sd-grey-bar", 100, 100, 206},
		{"pattern-sd-grey-bar-128x128", "pattern-sd-grey-bar", 99.51, 99.51, 205},
		{"pattern-sd-with-small-logo-bar", "pattern-sd-grey-bar", 99.51, 99.51, 205},
		{"pattern-hd-no-bar", "pattern-longer-no-bar", 100, 88.03, 205},
		{"pattern-sd-with-large-logo-bar", "pattern-sd-grey-bar", 0.97, 0.97, 2},
		{"pattern-hd-no-bar", "pattern-sd-grey-bar", 0, 0, 0},
	} {
		got := Compare(readSample(t, tc.query), readSample(t, tc.known), Options{})
		if math.Abs(got.QueryPercent-tc.queryPercent) > 0.01 || math.Abs(got.KnownPercent-tc.knownPer) > 0.01 {
			t.Errorf("%s in %s: got %.2f%% and %.2f%%, want %.2f%% and %.2f%%", tc.query, tc.known, got.QueryPercent, got.KnownPercent, tc.queryPercent, tc.knownPer)
		}
		frames := 0
		if len(got.Segments) > 0 {
			frames = got.Segments[0].Frames
		}
		if frames != tc.frames {
			t.Errorf("%s in %s: got %+v, want %d frames aligned", tc.query, tc.known, got.Segments, tc.frames)
		}
	}
}
