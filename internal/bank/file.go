package bank

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// File is a bank as files hold it: .yaml with these fields; .ndjson, a line with the header's fields and then a line for each entry;
// .txt, a term a line; .json, descriptors of hashes as ThreatExchange has them; or .csv, hashes of pictures as lists of them come, hash[,id] a line, or under the
// names of ThreatExchange's columns. Its name is the file's, without the ending, unless the file states one.
type File struct {
	Name    string `yaml:"bank"`
	Header  `yaml:",inline"`
	Entries []Entry `yaml:"entries"`
	Left    int     `yaml:"-"` // of descriptors: those that a bank of hashes, bad or good as it is, does not take
}

const maxFile = 256 << 20

// ReadFile reads one bank.
func ReadFile(r io.Reader, name string) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(data) > maxFile:
		return nil, fmt.Errorf("%s: larger than %d MB", name, maxFile>>20)
	}
	f := &File{}
	ext := filepath.Ext(name)
	switch ext {
	case ".txt":
		f.Kind = Terms
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if line != "" && line != "#" && !strings.HasPrefix(line, "# ") {
				f.Entries = append(f.Entries, Entry{Value: line})
			}
		}
	case ".yaml", ".yml":
		if err := f.decode(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	case ".ndjson":
		if err := f.lines(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	case ".json":
		if err := f.exchange(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	case ".csv":
		if err := f.hashes(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	default:
		return nil, fmt.Errorf("%s: a bank's file ends in .yaml, .ndjson, .txt, .json or .csv", name)
	}
	if f.Kind == Hashes {
		for i := range f.Entries {
			value, err := NormalHash(f.Entries[i].Value)
			if err != nil {
				return nil, fmt.Errorf("%s: entry %d: %w", name, i+1, err)
			}
			f.Entries[i].Value = value
		}
	}
	if f.Name == "" {
		f.Name = strings.TrimSuffix(filepath.Base(name), ext)
	}
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Bounds of YAML, whose parser takes quadratic time over long lines and large files. Larger banks come as .txt or .ndjson.
const (
	maxYAML     = 1 << 20
	maxYAMLLine = 8 << 10
)

func (f *File) decode(data []byte) (err error) {
	if len(data) > maxYAML {
		return fmt.Errorf("larger than %d MB; write larger banks as .ndjson, the header in the first line and an entry in each other", maxYAML>>20)
	}
	n := 0
	for line := range bytes.Lines(data) {
		if n++; len(line) > maxYAMLLine {
			return fmt.Errorf("line %d is longer than %d KB", n, maxYAMLLine>>10)
		}
	}
	defer func() {
		if p := recover(); p != nil { // a file that breaks the library is refused like any other
			err = fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// lines reads the .ndjson form.
func (f *File) lines(data []byte) error {
	n, header := 0, false
	for line := range bytes.Lines(data) {
		if n++; len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		var err error
		if !header {
			header = true
			err = dec.Decode(&struct {
				Name *string `json:"bank"`
				*Header
			}{&f.Name, &f.Header})
		} else {
			var e Entry
			err = dec.Decode(&e)
			f.Entries = append(f.Entries, e)
		}
		if err == nil && dec.More() {
			err = errors.New("more than one value")
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return nil
}

// hashes reads the .csv form: a hash, and what the list's owner calls it, which becomes the entry's note. A first line with the names
// of columns says where they stand: "hash", or "indicator" as in ThreatExchange, and "id". A hash that comes again is read once.
func (f *File) hashes(data []byte) error {
	f.Kind = Hashes
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.ReuseRecord, r.Comment = -1, true, '#'
	hash, id := 0, 1
	seen := map[string]bool{}
	var columns, met map[string]int // of descriptors
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if first && slices.Contains(row, "type") && (slices.Contains(row, "raw_indicator") || slices.Contains(row, "indicator")) {
			columns, met = map[string]int{}, map[string]int{}
			for i, name := range row {
				columns[strings.Clone(name)] = i
			}
			continue
		}
		if at := slices.IndexFunc(row, func(name string) bool { return name == "hash" || name == "indicator" }); first && at >= 0 {
			hash, id = at, slices.Index(row, "id")
			continue
		}
		if columns != nil {
			if err := f.exchangeRow(row, columns, met); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			continue
		}
		if hash >= len(row) {
			return fmt.Errorf("line %d: it has no column %d, where the hash stands", line, hash+1)
		}
		value, err := NormalHash(row[hash])
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if seen[value] {
			continue
		}
		seen[value] = true
		e := Entry{Value: value}
		if id >= 0 && id < len(row) {
			e.Note = strings.TrimSpace(strings.Clone(row[id]))
		}
		f.Entries = append(f.Entries, e)
	}
}

// Check says what is wrong with the file's bank.
func (f *File) Check() error {
	seen := make(map[string]bool, len(f.Entries))
	for i := range f.Entries {
		if v := f.Entries[i].Value; seen[v] {
			return invalid("bank %s lists %.80q twice", f.Name, v)
		}
		seen[f.Entries[i].Value] = true
	}
	e := Edit{Bank: f.Name, Version: 1, Header: &f.Header, Add: f.Entries}
	return e.Check()
}

// Write writes the bank in the .ndjson form, which ReadFile reads.
func (f *File) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Name string `json:"bank"`
		Header
	}{f.Name, f.Header}); err != nil {
		return err
	}
	for i := range f.Entries {
		if err := enc.Encode(&f.Entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// AsFile is the bank as a file.
func (b *Bank) AsFile() *File { return &File{Name: b.Name, Header: b.Header, Entries: b.Entries()} }

// ReadDir reads the banks of a folder's files into a set.
func ReadDir(dir string, c *Compiler) (*Set, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var banks []Stored
	for _, entry := range names {
		ext := filepath.Ext(entry.Name())
		if entry.IsDir() || ext != ".yaml" && ext != ".yml" && ext != ".ndjson" && ext != ".txt" && ext != ".json" && ext != ".csv" {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		in, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		f, err := ReadFile(in, path)
		in.Close()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(banks, func(b Stored) bool { return b.Name == f.Name }) {
			return nil, fmt.Errorf("%s: there is another bank %s in the folder", path, f.Name)
		}
		banks = append(banks, f.Stored())
	}
	if len(banks) == 0 {
		return nil, fmt.Errorf("%s holds no banks: their files end in .yaml, .ndjson, .txt, .json or .csv", dir)
	}
	return NewSet(c, banks)
}

// Stored is the file's bank at its first version.
func (f *File) Stored() Stored {
	return Stored{Name: f.Name, Version: 1, Header: f.Header, Entries: f.Entries}
}
