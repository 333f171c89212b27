package coaction

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var plain = Columns{Object: "o", Account: "a", Content: "c", Time: "t"}

func read(text string, c Columns) (rows, refused []string, err error) {
	var s Shares
	err = s.ReadCSV(strings.NewReader(text), c, func(e *RowError) error {
		refused = append(refused, e.Error())
		return nil
	})
	for _, r := range s.rows {
		object := "-"
		if r.object != nothing {
			object = s.objects.list[r.object]
		}
		rows = append(rows, fmt.Sprint(object, " ", s.accounts.list[r.account], " ", s.contents.list[r.content], " ", r.at))
	}
	return rows, refused, err
}

func TestReadCSV(t *testing.T) {
	for name, tc := range map[string]struct {
		text          string
		columns       Columns
		rows, refused []string
	}{
		"plain":          {"o,a,c,t\nx,y,z,1\n", plain, []string{"x y z 1000000"}, nil},
		"other order":    {"\uFEFFt,more,c,a,o\n1.5,?,z,y,x\n", plain, []string{"x y z 1500000"}, nil},
		"microseconds":   {"o,a,c,t\nx,y,z,1606451170.518101\n", plain, []string{"x y z 1606451170518101"}, nil},
		"RFC 3339":       {"o,a,c,t\nx,y,z,1970-01-01T01:00:00.25+01:00\n", plain, []string{"x y z 250000"}, nil},
		"before 1970":    {"o,a,c,t\nx,y,z,-2\n", plain, []string{"x y z -2000000"}, nil},
		"quotes":         {"o,a,c,t\n\"x,\"\"\n\",y,z,1\n", plain, []string{"x,\"\n y z 1000000"}, nil},
		"no object":      {"o,a,c,t\n,y,z,1\n", plain, []string{"- y z 1000000"}, nil},
		"prefix":         {"o,a,c,t\nx,y,z,1\n,y,z,1\n", Columns{Object: "o", Account: "a", Content: "c", Time: "t", Prefix: "p_"}, []string{"p_x y z 1000000", "- y z 1000000"}, nil},
		"lists":          {"o,a,c,t\nx  w,y,z,1\n ,y,z,1\n", Columns{Object: "o", Account: "a", Content: "c", Time: "t", Split: true}, []string{"x y z 1000000", "w y z 1000000", "- y z 1000000"}, nil},
		"unless":         {"o,a,c,t,r\nx,y,z,1,\nx,y,v,1,5\n", Columns{Object: "o", Account: "a", Content: "c", Time: "t", Unless: "r"}, []string{"x y z 1000000", "- y v 1000000"}, nil},
		"row as post":    {"o,a,c,t\nx,y,z,1\n", Columns{Object: "o", Account: "a", Time: "t"}, []string{"x y \x000:2 1000000"}, nil},
		"bad rows":       {"o,a,c,t\nx,y,z\nx,y,z,soon\nx,,z,1\nx,y,,1\nx,y\"y,z,1\nx,y,z,9e99\nx,y,z,1\n", plain, []string{"x y z 1000000"}, []string{"line 2: wrong number of fields", `line 3: time "soon": want seconds since 1970 or a time such as 2026-11-23T03:22:00Z`, "line 4: the account is empty", "line 5: the content is empty", `line 6: bare " in non-quoted-field`, `line 7: time "9e99": want seconds since 1970 or a time such as 2026-11-23T03:22:00Z`}},
		"no time at all": {"o,a,c,t\nx,y,z,NaN\n", plain, nil, []string{`line 2: time "NaN": want seconds since 1970 or a time such as 2026-11-23T03:22:00Z`}},
	} {
		rows, refused, err := read(tc.text, tc.columns)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := gocmp.Diff(tc.rows, rows); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
		if diff := gocmp.Diff(tc.refused, refused); diff != "" {
			t.Errorf("%s: refused (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadCSVGivesUp(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"empty":        {"", "the file is empty"},
		"no column":    {"o,a,c\n", `no column "t"; the columns are o, a, c`},
		"open quote":   {"o,a,c,t\nx,\"" + strings.Repeat("y\n", maxRow), "a row has more than 1048576 bytes"},
		"endless row":  {"o,a,c,t\n" + strings.Repeat("y", 2*maxRow), "a row has more than 1048576 bytes"},
		"endless head": {strings.Repeat("y", 2*maxRow), "a row has more than 1048576 bytes"},
	} {
		if _, _, err := read(tc.text, plain); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// FuzzReadCSV checks that any input is read to an end, and that what was read can be searched.
func FuzzReadCSV(f *testing.F) {
	f.Add("o,a,c,t\nx,y,z,1\nx,w,v,2\n", true)
	f.Add("t,c,a,o\n1,\"a\nb\",,x y\n", true)
	f.Add("o,a,c,t\n\"", false)
	f.Add("\uFEFFo,o,a,c,t\n1e18,1,1,1,1e18\nx,y,z,w,-1e12\n", false)
	f.Fuzz(func(t *testing.T, text string, split bool) {
		columns := plain
		columns.Split = split
		var s Shares
		if err := s.ReadCSV(strings.NewReader(text), columns, func(*RowError) error { return nil }); err != nil {
			return
		}
		edges := 0
		search := CooRTweet{Window: 60 * Second, Threshold: 0.5, Objects: true, Sampling: Sampling{Popular: 3}}
		if err := search.Edges(&s, func(e *Edge) error { edges += e.Weight; return nil }); err != nil {
			t.Fatal(err)
		}
		if most := s.Len() * s.Len() / 2; edges > most {
			t.Errorf("%d pairs of %d rows", edges, s.Len())
		}
	})
}
