package bank

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	someMD5    = "900150983cd24fb0d6963f7d28e17f72"
	someSHA1   = "a9993e364706816aba3e25717850c26c9cd0d89d"
	someSHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)

// TestReadExchange reads descriptors in the shapes in which ThreatExchange's clients have them.
func TestReadExchange(t *testing.T) {
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	full := Entry{Value: someMD5, Severity: 4, Source: "Acme", Note: "seen twice", Tags: []string{"terrorism", "media_type_photo"}, Sharing: "amber", Expires: &end}
	for _, c := range []struct {
		name, file, data string
		good             bool
		want             []Entry
		left             int
	}{
		{"a descriptor a line", "x.json", `{"raw_indicator":"` + someMD5 + `","type":"HASH_MD5"}` + "\n" + `{"raw_indicator":"` + someSHA1 + `","type":"HASH_SHA1"}`, false,
			[]Entry{{Value: someMD5}, {Value: someSHA1}}, 0},
		{"as Graph answers", "x.json", `{"data":[{"id":"7","indicator":{"id":"8","indicator":"` + strings.ToUpper(someMD5) + `","type":"HASH_MD5"},"type":"HASH_MD5","owner":{"id":"9","name":"Acme"},
			"status":"MALICIOUS","severity":"SEVERE","share_level":"GREEN","privacy_type":"HAS_PRIVACY_GROUP","privacy_members":["1"],"description":"seen twice",
			"tags":{"data":[{"id":"1","text":"terrorism"},{"id":"2","text":"media_type_photo"}]},"expire_time":"2027-01-01T00:00:00+0000","confidence":90}],"paging":{}}`, false, []Entry{full}, 0},
		{"updates, each with what its owners say", "x.json", `{"data":[{"id":"1","indicator":"` + someSHA256 + `","type":"HASH_SHA256","is_expired":false,"descriptors":{"data":[
			{"owner":{"name":"Acme"},"share_level":"WHITE","status":"MALICIOUS"},{"owner":{"name":"Other"},"share_level":"RED","status":"MALICIOUS"}]}}]}`, false,
			[]Entry{{Value: sha256Prefix + someSHA256, Source: "Acme", Sharing: "red"}}, 0},
		{"what is none of ours", "x.json", `[{"raw_indicator":"bad.example","type":"DOMAIN"},{"raw_indicator":"` + someMD5 + `","type":"HASH_MD5","status":"NON_MALICIOUS"}]`, false, nil, 2},
		{"a table", "x.csv", strings.Join(exchangeColumns, ",") + "\n7," + someMD5 + ",HASH_MD5,MALICIOUS,AMBER,HAS_WHITELIST,SEVERE,\"terrorism, media_type_photo\",seen twice,Acme,1798761600\n", false, []Entry{full}, 0},
		{"a table of other columns", "x.csv", "type,indicator\nHASH_MD5," + someMD5 + "\nURI,https://x.example\n", false, []Entry{{Value: someMD5}}, 1},
	} {
		got, err := ReadFile(strings.NewReader(c.data), c.file)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Entries); diff != "" || got.Left != c.left || got.Kind != Hashes {
			t.Errorf("%s: left %d, want %d; entries (-want +got):\n%s", c.name, got.Left, c.left, diff)
		}
	}
	for name, data := range map[string]string{
		"no hash":         `{"raw_indicator":"zz","type":"HASH_MD5"}`,
		"of another kind": `{"raw_indicator":"` + someSHA1 + `","type":"HASH_MD5"}`,
		"no time":         `{"raw_indicator":"` + someMD5 + `","type":"HASH_MD5","expire_time":"soon"}`,
		"no JSON":         `{"data":[`,
		"a number":        `7`,
	} {
		if got, err := ReadFile(strings.NewReader(data), "x.json"); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

// TestShareHonoursTheLicence: only what may be shared with somebody is written for them.
func TestShareHonoursTheLicence(t *testing.T) {
	f := &File{Name: "gore", Header: Header{Kind: Hashes, Sharing: "amber"}, Entries: []Entry{
		{Value: apart(1).String(), Sharing: "red"}, {Value: apart(2).String()}, {Value: apart(3).String(), Sharing: "green"}, {Value: apart(4).String(), Sharing: "clear"},
	}}
	for with, want := range map[string][2]int{"red": {3, 1}, "amber": {3, 1}, "green": {2, 2}, "clear": {1, 3}} {
		var out bytes.Buffer
		left, err := f.Share(&out, HashList, with)
		if n := strings.Count(out.String(), "\n"); err != nil || n != want[0] || left != want[1] {
			t.Errorf("with %s: %d written and %d left out, %v; want %v", with, n, left, err, want)
		}
	}
	var out bytes.Buffer
	if left, err := (&File{Name: "old", Header: Header{Kind: Hashes}, Entries: []Entry{{Value: someMD5}}}).Share(&out, HashList, "amber"); err != nil || left != 1 || out.Len() > 0 {
		t.Errorf("what says nothing: %d left out, %q, %v", left, &out, err)
	}
	for _, bad := range [][2]string{{"xml", "green"}, {HashList, "white"}} {
		if _, err := f.Share(&out, bad[0], bad[1]); err == nil {
			t.Errorf("shared as %s with %s", bad[0], bad[1])
		}
	}
	if _, err := (&File{Name: "words", Header: Header{Kind: Terms}}).Share(&out, HashList, "green"); err == nil {
		t.Error("terms were shared as hashes")
	}
}

// TestSharedIsReadBack holds that what is written for others is what they read, but for what the format has no words for.
func TestSharedIsReadBack(t *testing.T) {
	word := rapid.StringMatching(`[a-zA-Z0-9 "';:<>&é_-]{1,12}`).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	rapid.Check(t, func(t *rapid.T) {
		f := &File{Name: "x", Header: Header{Kind: Hashes, Good: rapid.Bool().Draw(t, "good")}}
		for i, v := range rapid.Permutation([]string{apart(9).String(), someMD5, someSHA1, sha256Prefix + someSHA256, apart(80).String()}).Draw(t, "hashes") {
			e := Entry{Value: v, Severity: rapid.IntRange(0, 5).Draw(t, "severity"), Sharing: rapid.SampledFrom([]string{"amber", "green", "clear"}).Draw(t, "sharing")}
			if rapid.Bool().Draw(t, "words") {
				e.Source, e.Note = word.Draw(t, "source"), word.Draw(t, "note")
				e.Tags = rapid.SliceOfN(word, 1, 3).Draw(t, "tags")
			}
			if rapid.Bool().Draw(t, "expires") {
				end := time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "end"), 0).UTC()
				e.Expires = &end
			}
			if f.Entries = append(f.Entries, e); i == 3 {
				break
			}
		}
		for format, name := range map[string]string{ExchangeJSON: "x.json", ExchangeCSV: "x.csv", HashList: "x.csv"} {
			var out bytes.Buffer
			left, err := f.Share(&out, format, "amber")
			if err != nil || left != 0 {
				t.Fatalf("%s: %d left out, %v", format, left, err)
			}
			got := &File{}
			got.Good = f.Good
			switch format {
			case ExchangeJSON:
				err = got.exchange(out.Bytes())
			default:
				err = got.hashes(out.Bytes())
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, &out)
			}
			want := f.Entries
			if format == HashList {
				want = nil
				for _, e := range f.Entries {
					want = append(want, Entry{Value: e.Value, Note: e.Note})
				}
			}
			if diff := cmp.Diff(want, got.Entries); diff != "" {
				t.Fatalf("%s (-want +got):\n%s\nin\n%s", format, diff, &out)
			}
		}
	})
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte(`{"data":[{"raw_indicator":"`+someMD5+`","type":"HASH_MD5","tags":["a"],"owner":{"name":"b"},"expire_time":1}]}`), true)
	f.Add([]byte(`{"indicator":"x","type":"HASH_PDQ","descriptors":{"data":[{}]}}`), true)
	f.Add([]byte("type,raw_indicator,tags\nHASH_MD5,"+someMD5+",\"a,b\"\n"), false)
	f.Add([]byte("hash,id\n"+someSHA1+",7\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		name := "x.csv"
		if isJSON {
			name = "x.json"
		}
		file, err := ReadFile(bytes.NewReader(data), name)
		if err != nil {
			return
		}
		if _, err := NewSet(&Compiler{}, []Stored{file.Stored()}); err != nil {
			t.Fatalf("a file that was read makes no bank: %v", err)
		}
		var out bytes.Buffer
		left, err := file.Share(&out, ExchangeJSON, "amber")
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadFile(&out, "x.json")
		if err != nil || len(again.Entries) != len(file.Entries)-left {
			t.Fatalf("%d of %d entries are read back, %d were left out: %v", len(again.Entries), len(file.Entries), left, err)
		}
	})
}
