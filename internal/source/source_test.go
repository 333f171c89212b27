package source

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ringfence/ringfence/event"
)

// line is a native event.
func line(id string, second int) string {
	return fmt.Sprintf(`{"id":%q,"time":"2026-01-02T03:04:%02dZ","kind":"post","actor":"a"}`, id, second)
}

func small() event.Limits {
	return event.Limits{Line: 200, Text: 100, List: 4, Attrs: 4, String: 50}
}

// read reads to the end: what each Next gave, as Raw or as its error.
func read(t *testing.T, r Reader) (got []string) {
	t.Helper()
	var e event.Event
	for {
		err := r.Next(&e)
		var bad *LineError
		switch {
		case errors.Is(err, io.EOF):
			if err := r.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			return got
		case errors.As(err, &bad):
			got = append(got, bad.Error())
		case err != nil:
			t.Fatalf("Next after %q: %v", got, err)
		default:
			got = append(got, string(r.Raw()))
			if native := string(e.AppendNative(nil)); !strings.Contains(string(r.Raw()), " ") && native != string(r.Raw()) {
				t.Errorf("the event is %s, Raw %s", native, r.Raw())
			}
		}
	}
}

func open(t *testing.T, name, content string, opt Options) Reader {
	t.Helper()
	if opt.Limits == (event.Limits{}) {
		opt.Limits = small()
	}
	r, err := NewReader(name, io.NopCloser(strings.NewReader(content)), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadNative(t *testing.T) {
	e1, e2, e3 := line("1", 1), line("2", 2), line("3", 3)
	for _, tc := range []struct {
		name, content string
		want          []string
	}{
		{"empty", "", nil},
		{"one without a newline", e1, []string{e1}},
		{"line ends and empty lines", "\n" + e1 + "\r\n\r\n\n" + e2 + "\n", []string{e1, e2}},
		{"raw is the line", " " + e1 + " \n", []string{" " + e1 + " "}},
		{"bad lines", e1 + "\nnonsense\n" + e2 + "\n{}\n", []string{
			e1, "f.ndjson:2: want an object, found 'n' (at byte 0)", e2, "f.ndjson:4: id: is required",
		}},
		{"a line over the limit", e1 + "\n" + strings.Repeat("x", 300) + "\n" + e2, []string{e1, "f.ndjson:2: the line has 301 bytes, the limit is 200", e2}},
		{"a line over the buffer", e1 + "\n" + strings.Repeat("x", 3*bufferSize) + "\r\n" + e2, []string{e1, "f.ndjson:2: the line has 196610 bytes, the limit is 200", e2}},
		{"the last line over the limit", e3 + "\n" + strings.Repeat("x", 300), []string{e3, "f.ndjson:2: the line has 300 bytes, the limit is 200"}},
		{"a line at the limit", e1 + strings.Repeat(" ", 200-len(e1)) + "\r\n" + e2, []string{e1 + strings.Repeat(" ", 200-len(e1)), e2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, read(t, open(t, "f.ndjson", tc.content, Options{}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadCSV(t *testing.T) {
	m, err := event.ParseMapping("id=i,actor=a,time=t,kind==k,text=x")
	if err != nil {
		t.Fatal(err)
	}
	const content = "\uFEFFi,a,t,x\r\n" +
		"1,a,0,one\r\n" +
		"2,a,0,\"two\r\nlines, \"\"quoted\"\"\"\r\n" +
		"\r\n" +
		"3,a,0\r\n" +
		"4,a,soon,x\n" +
		"5,a,0,\"five\"\n" +
		"6,a,0,\"open\n7,a,0,x\n"
	want := []string{
		`{"id":"1","time":"1970-01-01T00:00:00Z","kind":"k","actor":"a","text":"one"}`,
		`{"id":"2","time":"1970-01-01T00:00:00Z","kind":"k","actor":"a","text":"two\nlines, \"quoted\""}`,
		`f.csv:6: x: the row has 3 cells, the header 4`,
		`f.csv:7: t: want a time such as 2026-11-23T03:22:00.123Z`,
		`{"id":"5","time":"1970-01-01T00:00:00Z","kind":"k","actor":"a","text":"five"}`,
		`f.csv:9: a quote is not closed before the end of the file`,
	}
	if diff := cmp.Diff(want, read(t, open(t, "f.csv", content, Options{Mapping: m, Limits: event.Limits{Line: 100, Text: 100, String: 50}}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadCSVOpenQuote(t *testing.T) {
	m, err := event.ParseMapping("id=i,actor=a,time=t,kind==k")
	if err != nil {
		t.Fatal(err)
	}
	content := "i,a,t\n\"1,a,0\n" + strings.Repeat("2,a,0\n", 100)
	got := read(t, open(t, "f.csv", content, Options{Mapping: m}))
	if want := "f.csv:2: a quote is not closed within the limit of 200 bytes"; len(got) < 50 || got[0] != want {
		t.Errorf("got %q…, want %q and then the rows after the limit", got, want)
	}
}

func compressed(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if name == "zst" {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenCompressed(t *testing.T) {
	e1, e2 := line("1", 1), line("2", 2)
	gz, zst := compressed(t, "gz", e1+"\n"+e2+"\n"), compressed(t, "zst", e1+"\n"+e2+"\n")
	for name, content := range map[string][]byte{
		"f.ndjson.gz": gz, "f.ndjson.zst": zst, "misnamed.ndjson": gz, "two members.gz": append(compressed(t, "gz", e1+"\n"), compressed(t, "gz", e2)...),
		"two frames.zst": append(compressed(t, "zst", e1+"\n"), compressed(t, "zst", e2)...), "plain.gz": []byte(e1 + "\n" + e2),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path, Options{Limits: small()})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{e1, e2}, read(t, r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			r, err = Open("-", Options{Limits: small(), Stdin: bytes.NewReader(content)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{e1, e2}, read(t, r)); diff != "" {
				t.Errorf("from standard input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadTruncatedCompression(t *testing.T) {
	for _, name := range []string{"gz", "zst"} {
		whole := compressed(t, name, strings.Repeat(line("1", 1)+"\n", 1000))
		r, err := NewReader("f", io.NopCloser(bytes.NewReader(whole[:len(whole)-9])), Options{Limits: small()})
		if err != nil {
			t.Fatal(err)
		}
		var e event.Event
		for err == nil {
			err = r.Next(&e)
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("%s: a file cut off ends as if it were whole", name)
		}
	}
}

// TestLongLineTakesLittleMemory reads a line of 100 MB and checks that it was never held.
func TestLongLineTakesLittleMemory(t *testing.T) {
	long := io.LimitReader(endless{}, 100<<20)
	r, err := NewReader("f", io.NopCloser(io.MultiReader(long, strings.NewReader("\n"+line("1", 1)))), Options{Limits: event.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); len(got) != 2 || got[1] != line("1", 1) {
		t.Errorf("got %q, want an error and an event", got)
	}
	if held := cap(r.(*fileReader).lines.line); held > 2<<20 {
		t.Errorf("the reader holds %d bytes", held)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestOpenErrors(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		opt           Options
		want          string
	}{
		{"f.csv", "", Options{}, "f.csv: the file is empty"},
		{"f.csv", "a,b\n", Options{}, "f.csv:1: time: is required"},
		{"f.csv", strings.Repeat("a", 300), Options{}, "f.csv:1: the line has 300 bytes"},
		{"f", "", Options{Format: "xml"}, `f: unknown format "xml"`},
		{"f", "\x1f\x8b\x00\x00", Options{}, "f: "},
	} {
		tc.opt.Limits = small()
		closed := &closeCounter{Reader: strings.NewReader(tc.content)}
		_, err := NewReader(tc.name, closed, tc.opt)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want …%s…", tc.name, err, tc.want)
		}
		if closed.n != 1 {
			t.Errorf("%s: closed %d times, want once", tc.name, closed.n)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: got error %v", err)
	}
}

type closeCounter struct {
	io.Reader
	n int
}

func (c *closeCounter) Close() error { c.n++; return nil }

func FuzzLines(f *testing.F) {
	f.Add([]byte(line("1", 1)+"\n"+line("2", 2)), 60)
	f.Add([]byte("\r\n\r\n\"a\n\"\nb\"\"\n"), 3)
	f.Add([]byte(strings.Repeat("x", 100)), 10)
	f.Fuzz(func(t *testing.T, content []byte, limit int) {
		if limit < 1 || limit > 1000 {
			return
		}
		m, err := event.ParseMapping("id=i,actor=a,time=t,kind==k")
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []Format{Native, CSV} {
			r, err := NewReader("f", io.NopCloser(bytes.NewReader(content)), Options{Format: format, Mapping: m, Limits: event.Limits{Line: limit, String: 50}})
			if err != nil {
				continue
			}
			var e event.Event
			for n := 0; ; n++ {
				err := r.Next(&e)
				var bad *LineError
				if err != nil && !errors.As(err, &bad) {
					break
				}
				if n > len(content) {
					t.Fatalf("more events than bytes")
				}
				if err == nil && len(r.Raw()) > limit {
					t.Fatalf("an event of %d bytes, the limit is %d", len(r.Raw()), limit)
				}
			}
		}
	})
}
