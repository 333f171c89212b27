package leiden

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadEdges(t *testing.T) {
	text := "a b\r\n\n  b\tc  2.5 \nlonely\na b c\na b 1 2\na b -1\na b NaN\na b 1e400\n" + strings.Repeat("x", 2*MaxLine) + " y\nc ü 1e-3"
	var refused []string
	names, edges, err := ReadEdges(strings.NewReader(text), func(e *LineError) error {
		refused = append(refused, e.Error())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Names{"a", "b", "c", "ü"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Edge{{0, 1, 1}, {1, 2, 2.5}, {2, 3, 0.001}}, edges); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	want := []string{
		`line 4: one word, "lonely": want two nodes and perhaps a weight`,
		`line 5: weight "c": want a number above 0`,
		`line 6: "2" after the weight: want two nodes and perhaps a weight`,
		`line 7: weight "-1": want a number above 0`,
		`line 8: weight "NaN": want a number above 0`,
		`line 9: weight "1e400": want a number above 0`,
		`line 10: longer than 65536 bytes`,
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	stop := errors.New("stop")
	if _, _, err := ReadEdges(strings.NewReader("a\nb"), func(*LineError) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err = %v, want that of refused", err)
	}
}

// FuzzReadEdges checks that any input is read to an end, and that communities are found in what was read.
func FuzzReadEdges(f *testing.F) {
	f.Add("a b\nb c 2\n\nc a 0.5\n", true)
	f.Add("a a 1e308\na b 1e-308\n", false)
	f.Add("a b c d\n\xff \x00", true)
	f.Fuzz(func(t *testing.T, text string, cpm bool) {
		names, edges, err := ReadEdges(strings.NewReader(text), func(*LineError) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		g, err := NewGraph(len(names), edges)
		if err != nil {
			return // weights that add up to more than a number holds
		}
		o := Options{Gamma: 1}
		if cpm {
			o = Options{Objective: CPM, Gamma: 0.1}
		}
		r, err := Run(g, o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, g, r, o)
	})
}
