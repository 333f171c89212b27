package match

import (
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// peerCase is a test case of another library, as the shared data keeps it.
type peerCase struct {
	Source, Test, Text, Phrase, Options, Field, Value, Pattern string
	Expect                                                     *bool
	Start                                                      *int   `json:"byte_start"`
	End                                                        *int   `json:"byte_end"`
	Censored                                                   string `json:"expected_censored"`
	Patterns                                                   []string
}

// TestPeers runs the test cases of other libraries. testdata/peers.txt lists where our answer is another, and why it is the
// better one.
func TestPeers(t *testing.T) {
	path := shared(t, "peer-tests/cases.jsonl")
	ours := readPeerReasons(t)
	f, err := os.Open("testdata/peer_terms.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	terms, err := ReadTerms(f, "peer_terms.txt")
	if err != nil {
		t.Fatal(err)
	}
	bank, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	var finder Finder
	passed, listed, patterns, whitelist := 0, 0, 0, 0
	eachLine(t, path, func(c peerCase) {
		switch c.Source {
		case "obscenity-patterns":
			text := strings.NewReplacer("|", "", "[", "", "]", "", "?", "").Replace(c.Pattern)
			if _, err := Compile([]Term{{Text: text}}); err != nil {
				t.Errorf("pattern %q: %v", c.Pattern, err)
			}
			patterns++
			return
		case "obscenity-whitelist":
			whitelist++
		}
		why := peerDiffers(t, &finder, bank, c)
		id := c.Source + "\t" + cmp.Or(c.Phrase, strings.Join(c.Patterns, ",")) + "\t" + strings.TrimSpace(c.Options+" "+c.Text)
		switch reason := ours[id]; {
		case why == "":
			passed++
		case reason != "":
			listed++
		default:
			t.Errorf("%s: %s", why, id)
		}
	})
	t.Logf("%d cases as the peers have them, %d of the whitelist among them; %d otherwise, with reasons; %d patterns compile", passed, whitelist, listed, patterns)
}

// peerDiffers says how our answer differs from the peer's; empty if it does not.
func peerDiffers(t *testing.T, finder *Finder, bank *Bank, c peerCase) string {
	t.Helper()
	of := func(phrases ...string) []Match {
		var terms []Term
		for _, p := range phrases {
			terms = append(terms, Term{Text: p})
		}
		b, err := Compile(terms)
		if err != nil {
			return nil
		}
		return finder.Find(b, c.Text)
	}
	switch c.Source {
	case "decancer":
		found := of(c.Phrase)
		switch {
		case len(found) > 0 != *c.Expect:
			return "expected " + map[bool]string{true: "a match", false: "none"}[*c.Expect]
		case len(found) > 0 && !slices.ContainsFunc(found, func(m Match) bool { return m.Start < *c.End && *c.Start < m.End }):
			return "another span"
		}
	case "obscenity":
		if len(of(c.Patterns...)) > 0 != *c.Expect {
			return "expected otherwise"
		}
	case "obscenity-whitelist":
		if len(finder.Find(bank, c.Text)) > 0 {
			return "flagged"
		}
	case "better_profanity":
		if c.Expect != nil {
			if len(finder.Find(bank, c.Text)) > 0 != *c.Expect {
				return "expected otherwise"
			}
			return ""
		}
		if got := censor(c.Text, finder.Find(bank, c.Text), false); got != c.Censored {
			return "censored as " + got
		}
	case "go-away":
		found := finder.Find(bank, c.Text)
		var value string
		if c.Value != "" && c.Value[0] == '"' {
			if err := json.Unmarshal([]byte(c.Value), &value); err != nil {
				t.Fatal(err)
			}
		}
		switch clean := strings.Contains(c.Test, "NoProf") || strings.Contains(c.Test, "False") || strings.Contains(c.Test, "Sherlock"); {
		case c.Field == "expectedProfanity":
			if len(found) > 0 != (value != "") {
				return "expected " + value
			}
		case c.Field == "expectedOutput":
			if got := censor(c.Text, found, true); got != value {
				return "censored as " + got
			}
		case c.Field == "result":
			if len(found) > 0 != (c.Value == "true") {
				return "expected " + c.Value
			}
		case clean == (len(found) > 0):
			return "expected otherwise"
		}
	}
	return ""
}

// censor is the text with what was found starred out: four stars for each, or one for each character but spaces and endings.
func censor(text string, found []Match, each bool) string {
	var b strings.Builder
	at := 0
	for _, m := range found {
		if m.Start < at {
			continue
		}
		b.WriteString(text[at:m.Start])
		if at = m.End; !each {
			b.WriteString("****")
			continue
		}
		for _, r := range text[m.Start:m.End] {
			if r == ' ' {
				b.WriteRune(r)
			} else {
				b.WriteByte('*')
			}
		}
	}
	return b.String() + text[at:]
}

// readPeerReasons reads the cases in which our answer differs on purpose: source, phrase, text and reason, between tabs.
func readPeerReasons(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/peers.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(fields) == 4 {
			reasons[strings.Join(fields[:3], "\t")] = fields[3]
		}
	}
	return reasons
}
