package rule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
)

// compiler builds one set.
type compiler struct {
	*reporter
	lang      *language
	set       *Set
	data      map[string][]byte // the files by name
	lists     map[string]*list
	listItems int
}

// Compile checks and plans the files of a rule set. The set is nil if any problem is an error; otherwise the problems are warnings.
// It costs a fraction of a millisecond a rule.
func Compile(files []File) (*Set, []Problem) {
	c, err := emptyCompiler()
	if err != nil {
		return nil, []Problem{{Msg: err.Error(), Hint: "this is a bug"}}
	}
	c.compile(files)
	if HasErrors(c.problems) {
		return nil, c.sorted()
	}
	return c.set, c.sorted()
}

// emptyCompiler makes a compiler whose set knows the signals and nothing else.
func emptyCompiler() (*compiler, error) {
	lang, err := newLanguage()
	if err != nil {
		return nil, err
	}
	return compilerFor(lang), nil
}

func compilerFor(lang *language) *compiler {
	set := &Set{Caps: map[string]int{}, lang: lang, names: map[string]node{}, windows: map[string]*Window{}, keysets: map[string]*keyset{}, scratch: scratchMatched}
	for i := range lang.ordered {
		set.names[lang.ordered[i].name] = lang.ordered[i].node
	}
	set.index()
	return &compiler{reporter: &reporter{}, lang: lang, set: set, data: map[string][]byte{}, lists: map[string]*list{}}
}

func (c *compiler) compile(files []File) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	c.set.Hash = contentHash(files)
	total := 0
	for _, f := range files {
		if total += len(f.Data); total > maxSetBytes {
			c.errorf(place{file: f.Name}, "", "the files of the rule set pass %d MiB", maxSetBytes>>20)
			return
		}
		if len(f.Data) > sizeLimit(f.Name) {
			c.errorf(place{file: f.Name}, "split it", "file is larger than %d KiB", sizeLimit(f.Name)>>10)
			return
		}
		if _, twice := c.data[f.Name]; twice {
			c.errorf(place{file: f.Name}, "", "file is there twice")
			return
		}
		c.data[f.Name] = f.Data
	}
	var rules []*declaration
	var caps []capDeclaration
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".yaml") || strings.HasSuffix(f.Name, testSuffix) {
			continue
		}
		source := readFile(c.reporter, c.lang, f)
		for _, l := range source.lists {
			c.addList(f.Name, l)
		}
		rules = append(rules, source.rules...)
		caps = append(caps, source.caps...)
	}
	if len(rules) > maxRules {
		c.errorf(place{file: rules[maxRules].at.file}, "", "more than %d rules", maxRules)
		return
	}
	slices.SortStableFunc(rules, func(a, b *declaration) int { return cmp.Compare(a.id.s, b.id.s) })
	for i, decl := range rules {
		if i > 0 && decl.id.s == rules[i-1].id.s {
			first := rules[i-1].id.at
			c.errorf(decl.id.at, "rename one of them", "rule %q is at %s:%d, too", decl.id.s, first.file, first.line)
			continue
		}
		if r, ok := c.rule(decl); ok {
			c.set.Rules = append(c.set.Rules, r)
		}
	}
	c.caps(caps)
	for _, name := range c.listNames() {
		c.set.lists = append(c.set.lists, c.lists[name])
	}
	c.warnings()
	c.set.index()
}

// contentHash is over names and contents, each with its length.
func contentHash(files []File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s %d ", len(f.Name), f.Name, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// newRule is a rule with all that its declaration says, and no plan yet.
func newRule(decl *declaration) *Rule {
	return &Rule{
		ID: decl.id.s, File: decl.at.file, Line: decl.id.at.line, On: decl.on, Mode: decl.mode, Rollout: decl.rollout,
		Policy: decl.policy, Severity: decl.severity, When: decl.when.s, Because: decl.because.s,
		Effects: decl.effects, Cap: decl.limit, Blast: decl.blast, Share: decl.share,
		seed: xxh3.HashString(decl.id.s),
		uses: uses{map[string]bool{}, map[*Window]bool{}, map[string]bool{}, map[*list]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}},
	}
}

// rule compiles one rule.
func (c *compiler) rule(decl *declaration) (*Rule, bool) {
	r := newRule(decl)
	x, ok := c.expression(r, decl.when)
	if ok {
		if kindOf(x.GetType(x.Expr().ID())) != kindBool {
			c.errorf(decl.when.at, "compare it with something", "when gives %s, not bool", x.GetType(x.Expr().ID()))
			return nil, false
		}
		r.expr, r.canonical = x, canonical(x.Expr())
		if r.when = c.plan(x, x.Expr()); r.when.constant {
			v, _ := r.when.bool(nil)
			c.errorf(decl.when.at, "a rule needs a condition that depends on the event", "when is always %v", v)
			ok = false
		}
	}
	if because, fine := c.template(r, decl.because); fine {
		r.because = because
	} else {
		ok = false
	}
	about := !slices.ContainsFunc(r.On, func(kind string) bool { return !aboutGroup(kind) })
	for _, e := range r.Effects {
		if about && e.Entity != event.GroupEntity {
			c.errorf(decl.id.at, "write on: group, or {review: group}", "the %s is on %s, which events about groups do not have", e.Kind, e.On)
			ok = false
		}
		r.reads(e.On)
	}
	r.Version = r.version()
	return r, ok
}

// expression checks a text, notes the terms it is made of, and lifts it.
func (c *compiler) expression(r *Rule, src text) (*expression, bool) {
	x, ok := c.check(src)
	if !ok {
		return nil, false
	}
	if r.terms == nil {
		r.terms = termsOf(x)
	}
	l := &lifter{c: c, x: x, on: r.On, rule: r, factory: celast.NewExprFactory()}
	if !l.lift(x.Expr()) {
		return nil, false
	}
	return x, true
}

// version hashes what the rule means: not its layout, and not what it is called by.
func (r *Rule) version() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %v %q %d %q %q %v %d %v", r.ID, r.On, r.Mode, r.Rollout, r.Policy, r.Severity, r.canonical, r.Because,
		r.Effects, r.Cap, r.Share)
	if r.Blast != defaultBlast {
		fmt.Fprintf(h, " %d", r.Blast)
	}
	lists := make([]*list, 0, len(r.uses.lists))
	for l := range r.uses.lists {
		lists = append(lists, l)
	}
	slices.SortFunc(lists, func(a, b *list) int { return cmp.Compare(a.name, b.name) })
	for _, l := range lists {
		fmt.Fprintf(h, " %q", l.items)
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// caps checks the caps of policies.
func (c *compiler) caps(caps []capDeclaration) {
	var policies []string
	for _, r := range c.set.Rules {
		if r.Policy != "" {
			policies = append(policies, r.Policy)
		}
	}
	for _, p := range caps {
		if _, twice := c.set.Caps[p.policy]; twice {
			c.errorf(p.at, "", "the cap of policy %q is set twice", clip(p.policy))
			continue
		}
		if !slices.Contains(policies, p.policy) {
			c.warnf(p.at, didYouMean(p.policy, policies, ""), "no rule has policy %q", clip(p.policy))
		}
		c.set.Caps[p.policy] = p.limit
	}
}
