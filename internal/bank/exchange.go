package bank

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ThreatExchange's words (developers.facebook.com/docs/threat-exchange, the fields of a ThreatDescriptor). Where it has two for one of ours, or we
// for one of its, the first is written.
var (
	exchangeTypes    = [...]exchangeType{{"HASH_PDQ", 64, ""}, {"HASH_MD5", 32, ""}, {"HASH_SHA1", 40, ""}, {"HASH_SHA256", 64, sha256Prefix}}
	exchangeSharing  = map[string]string{"red": "RED", "amber": "AMBER", "green": "GREEN", "clear": "WHITE"}
	exchangeSeverity = [...]string{"UNKNOWN", "INFO", "WARNING", "SUSPICIOUS", "SEVERE", "APOCALYPSE"} // by ours, 0 to 5
)

// exchangeType is a kind of hash: its word, its digits, and what banks write before them.
type exchangeType struct {
	word   string
	digits int
	prefix string
}

// limited are the words for who may see a descriptor that name somebody, and so make it amber at the most open.
var limited = []string{"HAS_WHITELIST", "HAS_PRIVACY_GROUP"}

// descriptor is one entry as ThreatExchange has it. Times are in seconds since 1970, or as Graph writes them.
type descriptor struct {
	ID          string         `json:"id,omitempty"`
	Indicator   exchangeName   `json:"indicator,omitzero"`
	Raw         string         `json:"raw_indicator"`
	Type        string         `json:"type"`
	Status      string         `json:"status,omitempty"`
	ShareLevel  string         `json:"share_level,omitempty"`
	PrivacyType string         `json:"privacy_type,omitempty"`
	Severity    string         `json:"severity,omitempty"`
	Description string         `json:"description,omitempty"`
	Owner       exchangeName   `json:"owner,omitzero"`
	Tags        exchangeTags   `json:"tags,omitempty"`
	Expires     exchangeTime   `json:"expire_time,omitzero"`
	Descriptors *exchangeGroup `json:"descriptors,omitempty"` // of threat updates, which have an indicator with what each owner says of it
}

type exchangeGroup struct {
	Data []descriptor `json:"data"`
}

// exchangeName is what Graph writes as a text, or as an object with a name.
type exchangeName string

func (n *exchangeName) UnmarshalJSON(data []byte) error {
	var of struct{ Indicator, Name string }
	if json.Unmarshal(data, (*string)(n)) == nil {
		return nil
	}
	err := json.Unmarshal(data, &of)
	if *n = exchangeName(of.Indicator); *n == "" {
		*n = exchangeName(of.Name)
	}
	return err
}

// exchangeTags are texts, or {"data":[{"text":…}]}.
type exchangeTags []string

func (t *exchangeTags) UnmarshalJSON(data []byte) error {
	var of struct{ Data []struct{ Text string } }
	if json.Unmarshal(data, (*[]string)(t)) == nil {
		return nil
	}
	*t = nil
	err := json.Unmarshal(data, &of)
	for _, tag := range of.Data {
		*t = append(*t, tag.Text)
	}
	return err
}

type exchangeTime int64

func (e *exchangeTime) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "" || text == "null" {
		return nil
	}
	n, err := parseExchangeTime(text)
	*e = exchangeTime(n)
	return err
}

func parseExchangeTime(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 || n > 1<<33 {
			return 0, fmt.Errorf("%.30q is no time", text)
		}
		return n, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, text); err == nil && at.Unix() >= 0 && at.Unix() <= 1<<33 {
			return at.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%.30q is no time", text)
}

// entry is the descriptor as an entry; ok is false for what a bank of hashes does not take: other indicators, and those known to be good
// where the bank is not, or bad where it is.
func (d *descriptor) entry(good bool) (e Entry, ok bool, err error) {
	raw := d.Raw
	if raw == "" {
		raw = string(d.Indicator)
	}
	at := slices.IndexFunc(exchangeTypes[:], func(t exchangeType) bool {
		return t.word == d.Type || strings.EqualFold(t.word, "HASH_"+d.Type) // "pdq", as the Python package writes it
	})
	if at < 0 || d.Status != "" && (d.Status == "NON_MALICIOUS") != good {
		return e, false, nil
	}
	t := &exchangeTypes[at]
	if e.Value, err = NormalHash(t.prefix + strings.TrimPrefix(strings.ToLower(strings.TrimSpace(raw)), t.prefix)); err != nil {
		return e, false, err
	}
	if len(strings.TrimPrefix(e.Value, sha256Prefix)) != t.digits {
		return e, false, fmt.Errorf("%.80q is no %s", raw, t.word)
	}
	e.Source, e.Note, e.Tags = cut(string(d.Owner)), cut(d.Description), d.Tags
	for ours, word := range exchangeSharing {
		if d.ShareLevel == word || d.ShareLevel == "CLEAR" && ours == "clear" {
			e.Sharing = ours
		}
	}
	if slices.Contains(limited, d.PrivacyType) && (e.Sharing == "green" || e.Sharing == "clear") {
		e.Sharing = "amber"
	}
	e.Severity = max(0, slices.Index(exchangeSeverity[:], d.Severity))
	if d.Expires > 0 {
		end := time.Unix(int64(d.Expires), 0).UTC()
		e.Expires = &end
	}
	return e, true, nil
}

// cut shortens a text that is longer than entries take.
func cut(s string) string {
	if len(s) > maxWords {
		s = s[:maxWords]
	}
	return strings.ToValidUTF8(s, "")
}

// exchanged takes in a descriptor. A hash that comes again keeps what it said first, but is shared no more openly than any of them says.
func (f *File) exchanged(d *descriptor, seen map[string]int) error {
	if d.Descriptors != nil {
		for i := range d.Descriptors.Data {
			part := d.Descriptors.Data[i]
			part.Descriptors, part.Type = nil, d.Type
			if part.Raw == "" && part.Indicator == "" {
				part.Raw, part.Indicator = d.Raw, d.Indicator
			}
			if part.Expires == 0 {
				part.Expires = d.Expires
			}
			if err := f.exchanged(&part, seen); err != nil {
				return err
			}
		}
		if len(d.Descriptors.Data) > 0 {
			return nil
		}
	}
	e, ok, err := d.entry(f.Good)
	if err != nil {
		return err
	}
	if !ok {
		f.Left++
		return nil
	}
	if at, again := seen[e.Value]; again {
		if was := &f.Entries[at]; openness(e.Sharing) < openness(was.Sharing) {
			was.Sharing = e.Sharing
		}
		return nil
	}
	seen[e.Value] = len(f.Entries)
	f.Entries = append(f.Entries, e)
	return nil
}

// openness orders words for sharing; what states none is the strictest.
func openness(sharing string) int { return slices.Index(Sharings(), sharing) }

// exchange reads ThreatExchange's JSON: {"data":[…]} as Graph answers, a list, or an object a line.
func (f *File) exchange(data []byte) error {
	f.Kind = Hashes
	seen := map[string]int{}
	dec := json.NewDecoder(bytes.NewReader(data))
	for n := 1; ; n++ {
		var value json.RawMessage
		if err := dec.Decode(&value); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var list []descriptor
		var whole struct{ Data *[]descriptor }
		switch {
		case value[0] == '[':
			if err := json.Unmarshal(value, &list); err != nil {
				return err
			}
		case json.Unmarshal(value, &whole) == nil && whole.Data != nil:
			list = *whole.Data
		default:
			list = make([]descriptor, 1)
			if err := json.Unmarshal(value, &list[0]); err != nil {
				return err
			}
		}
		for i := range list {
			if err := f.exchanged(&list[i], seen); err != nil {
				return fmt.Errorf("value %d, descriptor %d: %w", n, i+1, err)
			}
		}
	}
}

// exchangeColumns are those of a CSV file of descriptors.
var exchangeColumns = []string{"id", "raw_indicator", "type", "status", "share_level", "privacy_type", "severity", "tags", "description", "owner", "expire_time"}

// exchangeRow reads a row of a CSV file whose first line names ThreatExchange's columns. Tags are separated by commas.
func (f *File) exchangeRow(row []string, at map[string]int, seen map[string]int) error {
	get := func(name string) string {
		if i, ok := at[name]; ok && i < len(row) {
			return strings.Clone(strings.TrimSpace(row[i]))
		}
		return ""
	}
	d := descriptor{
		Raw: get("raw_indicator"), Type: get("type"), Status: get("status"), ShareLevel: get("share_level"), PrivacyType: get("privacy_type"),
		Severity: get("severity"), Description: get("description"), Owner: exchangeName(get("owner")),
	}
	if d.Raw == "" {
		d.Raw = get("indicator")
	}
	if id := get("id"); d.Description == "" && strings.TrimPrefix(id, sha256Prefix) != d.Raw {
		d.Description = id // what the list's owner calls it
	}
	for tag := range strings.SplitSeq(get("tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			d.Tags = append(d.Tags, tag)
		}
	}
	if text := get("expire_time"); text != "" {
		n, err := parseExchangeTime(text)
		if err != nil {
			return err
		}
		d.Expires = exchangeTime(n)
	}
	return f.exchanged(&d, seen)
}

// Formats of lists for others.
const (
	ExchangeJSON = "threatexchange-json" // {"data":[…]}, descriptors
	ExchangeCSV  = "threatexchange-csv"  // a row for each, under the names of the columns
	HashList     = "hashes"              // hash,id a line
)

// Share writes the hashes that may be shared with whom a word of the Traffic Light Protocol means: those that say it, or a more open one. It
// returns how many it left out. What ThreatExchange has no words for, thresholds and shares, is not written.
func (f *File) Share(w io.Writer, format, with string) (left int, err error) {
	if f.Kind != Hashes {
		return 0, fmt.Errorf("bank %s is of %s; only hashes can be shared", f.Name, f.Kind)
	}
	if openness(with) < 0 {
		return 0, fmt.Errorf("%.20q is no word of the Traffic Light Protocol: there are %s", with, strings.Join(Sharings(), ", "))
	}
	list := []descriptor{}
	for _, e := range f.Entries {
		e.inherit(&f.Header)
		if e.Sharing == "red" || openness(e.Sharing) < openness(with) {
			left++
			continue
		}
		list = append(list, f.descriptor(&e))
	}
	switch format {
	case ExchangeJSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return left, enc.Encode(exchangeGroup{list})
	case ExchangeCSV, HashList:
		out := csv.NewWriter(w)
		if format == ExchangeCSV {
			_ = out.Write(exchangeColumns) // what fails is told by Error
		}
		for i := range list {
			d := &list[i]
			row := []string{d.ID, d.Raw, d.Type, d.Status, d.ShareLevel, d.PrivacyType, d.Severity, strings.Join(d.Tags, ","), d.Description, string(d.Owner), ""}
			if d.Expires > 0 {
				row[len(row)-1] = strconv.FormatInt(int64(d.Expires), 10)
			}
			if format == HashList {
				row = []string{d.ID, d.Description}
			}
			_ = out.Write(row)
		}
		out.Flush()
		return left, out.Error()
	}
	return 0, fmt.Errorf("no format %.40q; there are %s, %s and %s", format, ExchangeJSON, ExchangeCSV, HashList)
}

// descriptor is an entry, with what it inherits, as ThreatExchange has it.
func (f *File) descriptor(e *Entry) descriptor {
	d := descriptor{
		ID: e.Value, Status: "MALICIOUS", ShareLevel: exchangeSharing[e.Sharing], PrivacyType: "VISIBLE", Severity: exchangeSeverity[e.Severity],
		Description: e.Note, Owner: exchangeName(e.Source), Tags: e.Tags,
	}
	if f.Good {
		d.Status = "NON_MALICIOUS"
	}
	if e.Sharing == "amber" {
		d.PrivacyType = limited[1]
	}
	d.Raw = strings.TrimPrefix(e.Value, sha256Prefix)
	for _, t := range exchangeTypes {
		if len(d.Raw) == t.digits && strings.HasPrefix(e.Value, t.prefix) && (t.prefix != "") == (d.Raw != e.Value) {
			d.Type = t.word
		}
	}
	if e.Expires != nil {
		d.Expires = exchangeTime(e.Expires.Unix())
	}
	return d
}
