package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
)

// Bounds of windows.
const (
	maxWindows  = 10_000
	minDuration = time.Second
	maxDuration = 400 * 24 * time.Hour
)

// windowFunc says how a window function is called and what it gives.
type windowFunc struct {
	value    bool // the first argument is a value; the keys follow
	duration bool // a duration follows the keys
	kind     kind
}

var windowFuncs = map[string]windowFunc{
	string(Count):         {duration: true, kind: kindInt},
	string(CountDistinct): {value: true, duration: true, kind: kindInt},
	string(Sum):           {value: true, duration: true, kind: kindDouble},
	string(RateLimited):   {kind: kindBool},
	string(Sessionize):    {duration: true, kind: kindTime},
	string(Trending):      {duration: true, kind: kindBool},
	string(FirstSeen):     {duration: true, kind: kindTime},
	string(LastSeen):      {duration: true, kind: kindTime},
}

// window lifts a window call, and merges it with an equal one if there is one.
func (l *lifter) window(e celast.Expr, f windowFunc) bool {
	call := e.AsCall()
	args, name := call.Args(), call.FunctionName()
	at := l.x.place(e.ID())
	if l.within != "" {
		l.c.errorf(at, "", "%s inside %s: windows do not nest", name, l.within)
		return false
	}
	display, err := cel.ExprToString(e, l.x.SourceInfo())
	if err != nil {
		display = name + "(…)"
	}
	l.within, l.waits = name, waiting{}
	defer func() { l.within = "" }()

	w := &Window{Text: display, Func: WindowFunc(name), On: l.on, kind: f.kind, Take: 1}
	var identity []string
	if f.value {
		value, canonical, ok := l.part(args[0])
		if !ok {
			return false
		}
		if value.kind == kindList || value.kind == noKind || w.Func == Sum && value.kind != kindInt && value.kind != kindDouble && value.kind != kindDyn {
			l.c.errorf(l.x.place(args[0].ID()), "", "%s does not take a %s", name, value.kind)
			return false
		}
		w.value = &value
		identity = append(identity, "value "+canonical)
		args = args[1:]
	}
	keys, canonical, ok := l.keys(args[0])
	if !ok {
		return false
	}
	w.keys = keys
	identity = append(identity, "by "+canonical)
	args, ok = l.parameters(w, f, args[1:])
	if !ok {
		return false
	}
	condition, ok := l.options(w, args)
	if !ok {
		return false
	}
	identity = append(identity, "where "+condition, "on "+strings.Join(w.On, " "),
		fmt.Sprintf("%s %d %d %d %d %d %v %d", name, w.Duration, w.Max, w.Refill, w.Every, w.Take, w.Strict, w.Min))
	sum := sha256.Sum256([]byte(strings.Join(identity, "\n")))
	w.ID, w.waits = hex.EncodeToString(sum[:16]), l.waits
	lifted, ok := l.c.set.intern(w)
	if !ok {
		l.c.errorf(at, "", "more than %d windows in a rule set", maxWindows)
		return false
	}
	l.rule.readsWindow(lifted)
	l.replace(e, "@window "+lifted.ID)
	return true
}

// part lifts and plans an expression inside a window call. It may not read loop variables: a window has one key an event.
func (l *lifter) part(e celast.Expr) (n node, canonicalText string, ok bool) {
	if !l.lift(e) {
		return node{}, "", false
	}
	bad := ""
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.IdentKind && slices.Contains(l.locals, e.AsIdent()) {
			bad = e.AsIdent()
		}
	}))
	if bad != "" {
		l.c.errorf(l.x.place(e.ID()), "", "a window cannot depend on the loop variable %q", bad)
		return node{}, "", false
	}
	return l.c.plan(l.x, e), canonical(e), true
}

// keys reads by(…). Their order does not matter.
func (l *lifter) keys(e celast.Expr) (*keyset, string, bool) {
	if e.Kind() != celast.CallKind || e.AsCall().FunctionName() != fnBy {
		l.c.errorf(l.x.place(e.ID()), "", "write by(…) here")
		return nil, "", false
	}
	planned := map[string]node{}
	for _, arg := range e.AsCall().Args() {
		n, text, ok := l.part(arg)
		if !ok {
			return nil, "", false
		}
		if n.kind == kindList || n.kind == noKind {
			l.c.errorf(l.x.place(arg.ID()), "use a signal with a single value", "a list cannot be a key")
			return nil, "", false
		}
		if n.constant {
			l.c.errorf(l.x.place(arg.ID()), "name a signal, without quotes", "a key is the same for every event")
			return nil, "", false
		}
		planned[text] = n
	}
	texts := make([]string, 0, len(planned))
	for text := range planned {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	text := strings.Join(texts, ", ")
	return l.c.set.keyset(text, texts, planned), text, true
}

// parameters reads what follows the keys up to the options.
func (l *lifter) parameters(w *Window, f windowFunc, args []celast.Expr) (rest []celast.Expr, ok bool) {
	if f.duration {
		if w.Duration, ok = l.duration(args[0]); !ok {
			return nil, false
		}
		args = args[1:]
	}
	switch w.Func {
	case Trending:
		if w.Min, ok = l.integer(args[0], "min", 1); !ok {
			return nil, false
		}
		return args[1:], true
	case RateLimited:
		if w.Max, ok = l.integer(args[0], "max", 1); !ok {
			return nil, false
		}
		if w.Refill, ok = l.integer(args[1], "refill", 1); !ok {
			return nil, false
		}
		if w.Every, ok = l.duration(args[2]); !ok {
			return nil, false
		}
		return args[3:], true
	}
	return args, true
}

// options reads where, on, take and strict, and gives the condition's canonical text.
func (l *lifter) options(w *Window, args []celast.Expr) (condition string, ok bool) {
	seen := map[string]bool{}
	for _, arg := range args {
		if arg.Kind() != celast.CallKind {
			l.c.errorf(l.x.place(arg.ID()), "", "write where(…) or on(…) here")
			return "", false
		}
		name, args := arg.AsCall().FunctionName(), arg.AsCall().Args()
		if seen[name] {
			l.c.errorf(l.x.place(arg.ID()), "", "%s twice in one window call", name)
			return "", false
		}
		seen[name] = true
		switch name {
		case fnWhere:
			where, text, ok := l.part(args[0])
			if !ok {
				return "", false
			}
			if where.constant {
				l.c.errorf(l.x.place(arg.ID()), "", "where is the same for every event")
				return "", false
			}
			where = asBool(where, text)
			w.where, condition = &where, text
		case fnOn:
			var kinds []string
			for _, a := range args {
				kind, constant := literalString(a)
				if !constant || kind != anyKind && !kindPattern.MatchString(kind) {
					l.c.errorf(l.x.place(a.ID()), "a lower-case word such as \"signup\"", "bad event kind in on(…)")
					return "", false
				}
				kinds = append(kinds, kind)
			}
			w.On = sortedSet(kinds)
		case fnTake, fnStrict:
			if w.Func != RateLimited {
				l.c.errorf(l.x.place(arg.ID()), "", "%s goes with rateLimited only", name)
				return "", false
			}
			w.Strict = w.Strict || name == fnStrict
			if name == fnTake {
				if w.Take, ok = l.integer(args[0], "take", 0); !ok {
					return "", false
				}
				if w.Take > w.Max {
					l.c.errorf(l.x.place(arg.ID()), "", "an event cannot take more than max")
					return "", false
				}
			}
		default:
			l.c.errorf(l.x.place(arg.ID()), "", "write where(…) or on(…) here")
			return "", false
		}
	}
	return condition, true
}

func (l *lifter) duration(e celast.Expr) (time.Duration, bool) {
	s, constant := literalString(e)
	if !constant {
		l.c.errorf(l.x.place(e.ID()), "as in \"1h\"", "a window's time must be a constant")
		return 0, false
	}
	d, hint, err := parseDuration(s)
	switch {
	case err != nil:
		l.c.errorf(l.x.place(e.ID()), hint, "%v", err)
		return 0, false
	case d < minDuration || d > maxDuration:
		l.c.errorf(l.x.place(e.ID()), "", "a window's time must be from %v to %v, not %v", minDuration, maxDuration, d)
		return 0, false
	}
	return d, true
}

func (l *lifter) integer(e celast.Expr, what string, low int64) (int64, bool) {
	const high = 1_000_000_000
	v, constant := literalInt(e)
	if !constant || v < low || v > high {
		l.c.errorf(l.x.place(e.ID()), "", "%s must be a constant from %d to %d", what, low, high)
		return 0, false
	}
	return v, true
}
