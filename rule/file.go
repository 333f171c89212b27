package rule

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/ringfence/ringfence/event"
)

// Bounds of a rule set.
const (
	maxFiles      = 10_000
	maxSetBytes   = 128 << 20
	maxRules      = 10_000
	maxExpression = 8 << 10 // characters of one condition
	maxEffects    = 16      // of one rule
	maxKinds      = 64      // event kinds of one rule
	defaultCap    = 200     // automatic enforcements of a rule a day
	defaultBlast  = 50      // members of a group that one of them is about
	defaultShare  = 0.05    // share of recent events above which a rule goes into shadow
)

// File is one file of a rule set. Name is its path below the set's folder, with slashes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Load reads the rule files (*.yaml, without the tests *_test.yaml) and the list files (*.txt) below a folder, sorted by name.
// Hidden files and folders are left out.
func Load(dir string) ([]File, error) {
	return load(dir, func(name string) bool {
		return strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, testSuffix)
	})
}

// LoadTests reads the rule tests (*_test.yaml) below a folder, sorted by name.
func LoadTests(dir string) ([]File, error) {
	return load(dir, func(name string) bool { return strings.HasSuffix(name, testSuffix) })
}

const testSuffix = "_test.yaml"

func load(dir string, wanted func(name string) bool) ([]File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open rule folder: %w", err)
	}
	defer root.Close()
	var files []File
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !wanted(name):
			return nil
		case len(files) == maxFiles:
			return fmt.Errorf("more than %d files", maxFiles)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if limit := sizeLimit(name); info.Size() > int64(limit) {
			return fmt.Errorf("%s is larger than %d KiB", name, limit>>10)
		}
		data, err := fs.ReadFile(root.FS(), name)
		if err != nil {
			return err
		}
		files = append(files, File{Name: filepath.ToSlash(name), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rule folder %s: %w", dir, err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func sizeLimit(name string) int {
	if strings.HasSuffix(name, ".txt") {
		return maxListBytes
	}
	return maxYAMLBytes
}

// Mode says what a rule's effects may do.
type Mode string

// The modes.
const (
	Off    Mode = "off"    // not evaluated
	Shadow Mode = "shadow" // evaluated; its effects are listed and never delivered
	Live   Mode = "live"
)

// EffectKind is what an effect does.
type EffectKind string

// The kinds of effect.
const (
	Label   EffectKind = "label"
	Review  EffectKind = "review"
	Enforce EffectKind = "enforce"
	Notify  EffectKind = "notify"
)

// enforcements are the steps of enforcement, weakest first.
var enforcements = []string{"inform", "friction", "limit", "lock", "suspend", "remove"}

// EffectSpec is one entry of a rule's "then".
type EffectSpec struct {
	Kind    EffectKind
	On      string           // the signal that names the target
	Entity  event.EntityKind // what kind of thing the target is
	Value   string           // label name, enforcement step or notification channel; empty for review
	Expires time.Duration    // 0 never
}

// declaration is a rule as its file gives it, before its expressions are checked.
type declaration struct {
	at       place
	id       text
	on       []string
	mode     Mode
	rollout  float64
	policy   string
	severity int
	when     text
	because  text
	effects  []EffectSpec
	limit    int
	blast    int
	share    float64
}

// sourceFile is everything that one YAML file declares.
type sourceFile struct {
	rules []*declaration
	lists []listDeclaration
	caps  []capDeclaration
}

type capDeclaration struct {
	policy string
	at     place
	limit  int
}

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	kindPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
)

// readFile reads one YAML file of a rule set.
func readFile(r *reporter, lang *language, f File) sourceFile {
	var out sourceFile
	d := &document{reporter: r, file: f.Name, data: f.Data}
	root, ok := d.root()
	if !ok {
		return out
	}
	top, _ := d.fields(root, "the file", "rules", "lists", "caps")
	for _, f := range top {
		switch f.key {
		case "rules":
			items := d.items(f.value, "rules")
			for _, n := range items {
				if decl := d.rule(lang, n); decl != nil {
					out.rules = append(out.rules, decl)
				}
			}
		case "lists":
			out.lists = d.lists(f.value)
		case "caps":
			caps, _ := d.fields(f.value, "caps")
			for _, c := range caps {
				if limit, ok := d.integer(c.value, "a cap", 0, 1e9); ok {
					out.caps = append(out.caps, capDeclaration{c.key, c.at, limit})
				}
			}
		}
	}
	return out
}

// rule reads one rule; nil if it cannot be used.
func (d *document) rule(lang *language, n ast.Node) *declaration {
	fields, ok := d.fields(n, "a rule", "id", "on", "mode", "rollout", "policy", "severity", "when", "because", "then", "cap", "blast_radius", "share")
	if !ok {
		return nil
	}
	errorsBefore := len(d.problems)
	decl := &declaration{at: d.place(n), mode: Live, rollout: 100, limit: defaultCap, blast: defaultBlast, share: defaultShare}
	for _, f := range fields {
		switch f.key {
		case "id":
			decl.id, _ = d.text(f.value, "id")
			if decl.id.s != "" && !idPattern.MatchString(decl.id.s) {
				d.errorf(decl.id.at, "use a-z, 0-9 and -, at most 64", "bad rule id %q", clip(decl.id.s))
			}
		case "on":
			decl.on = d.kinds(f.value)
		case "mode":
			mode, _ := d.text(f.value, "mode")
			modes := []string{string(Off), string(Shadow), string(Live)}
			if mode.s != "" && !slices.Contains(modes, mode.s) {
				d.errorf(mode.at, didYouMean(mode.s, modes, "one of off, shadow, live"), "unknown mode %q", clip(mode.s))
			}
			decl.mode = Mode(mode.s)
		case "rollout":
			decl.rollout, _ = d.number(f.value, "rollout", 0, 100, true)
		case "policy":
			decl.policy = d.name(f.value, "policy")
		case "severity":
			decl.severity, _ = d.integer(f.value, "severity", 0, 5)
		case "when":
			decl.when, _ = d.text(f.value, "when")
		case "because":
			decl.because, _ = d.text(f.value, "because")
		case "then":
			decl.effects = d.effects(lang, f.value)
		case "cap":
			decl.limit, _ = d.integer(f.value, "cap", 0, 1e9)
		case "blast_radius":
			decl.blast, _ = d.integer(f.value, "blast_radius", 0, 1e6)
		case "share":
			share, _ := d.number(f.value, "share", 0, 100, true)
			decl.share = share / 100
		}
	}
	d.complete(decl, fields)
	if HasErrors(d.problems[errorsBefore:]) {
		return nil
	}
	return decl
}

// complete complains of what a rule lacks.
func (d *document) complete(decl *declaration, fields []field) {
	given := func(key string) bool { return slices.ContainsFunc(fields, func(f field) bool { return f.key == key }) }
	for _, key := range []string{"id", "on", "when"} {
		if !given(key) {
			d.errorf(decl.at, "add \""+key+": …\"", "rule %swithout %q", quoted(decl.id.s), key)
		}
	}
	enforces := slices.ContainsFunc(decl.effects, func(e EffectSpec) bool { return e.Kind == Enforce })
	if enforces && decl.policy == "" && !given("policy") {
		d.errorf(decl.at, "add \"policy: …\": who is acted on is told which rule they broke", "rule %senforces without a policy", quoted(decl.id.s))
	}
	if given("cap") && !enforces && given("then") {
		d.warnf(decl.at, "", "rule %shas a cap but enforces nothing", quoted(decl.id.s))
	}
}

// quoted is a name in quotes and a space, or nothing for no name.
func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%q ", clip(name))
}

// name reads a word that names a policy, label or channel.
func (d *document) name(n ast.Node, what string) string {
	t, ok := d.text(n, what)
	if ok && !idPattern.MatchString(t.s) {
		d.errorf(t.at, "use a-z, 0-9 and -, at most 64", "bad %s name %q", what, clip(t.s))
	}
	return t.s
}

// kinds reads the event kinds of "on", sorted and without repeats.
func (d *document) kinds(n ast.Node) []string {
	var kinds []string
	for _, w := range d.words(n, "an event kind") {
		if w.s != anyKind && !kindPattern.MatchString(w.s) {
			d.errorf(w.at, "a lower-case word such as post, or \"*\" for all", "bad event kind %q", clip(w.s))
			continue
		}
		kinds = append(kinds, w.s)
	}
	kinds = sortedSet(kinds)
	switch {
	case len(kinds) > maxKinds:
		d.errorf(d.place(n), "write \"*\" for all", "more than %d event kinds", maxKinds)
	case len(kinds) == 0:
		d.errorf(d.place(n), "name event kinds, or \"*\" for all", "on names no event kind")
	case slices.Contains(kinds, anyKind) && len(kinds) > 1:
		d.errorf(d.place(n), "", "\"*\" stands for all kinds; name no other beside it")
	}
	return kinds
}

func sortedSet(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// effects reads "then".
func (d *document) effects(lang *language, n ast.Node) []EffectSpec {
	items := d.items(n, "then")
	if len(items) > maxEffects {
		d.errorf(d.place(n), "", "more than %d effects", maxEffects)
		return nil
	}
	var effects []EffectSpec
	for _, item := range items {
		if e, ok := d.effect(lang, item); ok {
			if slices.Contains(effects, e) {
				d.errorf(d.place(item), "", "the same effect twice")
			}
			effects = append(effects, e)
		}
	}
	return effects
}

// effect reads one entry of "then".
func (d *document) effect(lang *language, n ast.Node) (EffectSpec, bool) {
	before := len(d.problems)
	fields, ok := d.fields(n, "an effect", "label", "review", "enforce", "notify", "on", "expires")
	if !ok || len(d.problems) > before {
		return EffectSpec{}, false
	}
	e := EffectSpec{On: "actor"}
	var onAt, expiresAt place
	for _, f := range fields {
		switch f.key {
		case "on":
			t, ok := d.text(f.value, "on")
			if !ok {
				return e, false
			}
			e.On, onAt = t.s, t.at
		case "expires":
			e.Expires, ok = d.duration(f.value, "expires")
			if !ok {
				return e, false
			}
			expiresAt = f.at
		default:
			if e.Kind != "" {
				d.errorf(f.at, "write each as an entry of its own", "%s and %s in one effect", e.Kind, f.key)
				return e, false
			}
			e.Kind = EffectKind(f.key)
			switch e.Kind {
			case Review:
				t, ok := d.text(f.value, "review")
				if !ok {
					return e, false
				}
				e.On, onAt = t.s, t.at
			case Enforce:
				t, _ := d.text(f.value, "enforce")
				if !slices.Contains(enforcements, t.s) {
					d.errorf(t.at, didYouMean(t.s, enforcements, "one of "+strings.Join(enforcements, ", ")), "unknown enforcement %q", clip(t.s))
					return e, false
				}
				e.Value = t.s
			default:
				e.Value = d.name(f.value, f.key)
			}
		}
	}
	both := slices.ContainsFunc(fields, func(f field) bool { return f.key == "on" }) && e.Kind == Review
	switch {
	case both:
		d.errorf(onAt, "write {review: object}", "review names its target itself")
		return e, false
	case e.Kind == "":
		d.errorf(d.place(n), "one of label, review, enforce, notify", "effect without a kind")
		return e, false
	case e.Expires != 0 && (e.Kind == Review || e.Kind == Notify):
		d.errorf(expiresAt, "", "%s does not expire", e.Kind)
		return e, false
	}
	if e.On == groupTarget {
		e.On = "group.id"
	}
	s, known := lang.signals[e.On]
	if !known || s.entity == event.NoEntity {
		d.errorf(onAt, didYouMean(e.On, lang.entitySignals(), "one of "+strings.Join(lang.entitySignals(), ", ")), "%q names no entity", clip(e.On))
		return e, false
	}
	e.Entity = s.entity
	return e, true
}
