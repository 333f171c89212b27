package sim

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// dial is a range of a dial as the page prints it.
func dial(from, to int) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d–%d", from, to)
}

// TestThePageHasTheTables: docs/simulation.md lists every archetype with the dials that are drawn from, and every look-alike.
func TestThePageHasTheTables(t *testing.T) {
	var want strings.Builder
	want.WriteString("| archetype | what they do | accounts | objects | take part, % | jitter, s | camouflage | reuse, % | paraphrase, % | days |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, a := range Archetypes() {
		f, l := a.From, a.To
		fmt.Fprintf(&want, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", a.Name, a.What, dial(f.Size, l.Size), dial(f.Objects, l.Objects),
			dial(f.Participation, l.Participation), dial(f.Jitter, l.Jitter), dial(f.Camouflage, l.Camouflage), dial(f.Reuse, l.Reuse), dial(f.Paraphrase, l.Paraphrase), dial(f.Days, l.Days))
	}
	want.WriteString("\n| look-alike | what they do | accounts |\n|---|---|---|\n")
	for _, l := range LookAlikes() {
		fmt.Fprintf(&want, "| %s | %s | %d |\n", l.Class, l.Why, l.Size)
	}
	const path, begin, end = "../docs/simulation.md", "<!-- tables: go test ./sim -update -->\n", "<!-- end of tables -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no tables between %q and %q", path, begin, end)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != want.String() {
		t.Errorf("%s has other tables than the code: run with -update", path)
	}
}
