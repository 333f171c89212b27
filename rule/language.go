package rule

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"github.com/ringfence/ringfence/event"
)

// anyKind in a rule's "on" stands for every event kind.
const anyKind = "*"

// Function names of ours. The parser gives has() its own name, so that cel-go's macro of that name does not claim it.
const (
	fnHas      = "@has"
	fnHasLabel = "hasLabel"
	fnList     = "list"
	fnBy       = "by"
	fnWhere    = "where"
	fnOn       = "on"
	fnTake     = "take"
	fnStrict   = "strict"
)

// Function documents a function of the language.
type Function struct {
	Name      string
	Signature string
	Gives     string
	Doc       string
}

// functions are our additions to CEL, in the order of the documentation.
var functions = []Function{
	{"count", `count(by(key, …), "1h")`, "int", "events in the time before, this one included"},
	{"countDistinct", `countDistinct(value, by(key, …), "1h")`, "int", "different values in that time: exact to 1,024, estimated above"},
	{"sum", `sum(number, by(key, …), "1h")`, "double", "sum of a number, to six decimals"},
	{"rateLimited", `rateLimited(by(key, …), max, refill, "1m")`, "bool",
		"a bucket of max tokens that gains refill each period is empty; each event takes one, or take(n); with strict() a try on an empty bucket starts the period anew"},
	{"sessionize", `sessionize(by(key, …), "30m")`, "timestamp", "start of the session: events with no gap that long"},
	{"trending", `trending(by(key, …), "1h", min)`, "bool", "at least min events, and ten times as many as in the same time before that"},
	{"firstSeen", `firstSeen(by(key, …), "720h")`, "timestamp", "first event in that time, this one included"},
	{"lastSeen", `lastSeen(by(key, …), "720h")`, "timestamp", "the event before this one in that time; unknown if there was none"},
	{"where", `…, where(condition))`, "", "ends a window call: only events that meet the condition feed it"},
	{"on", `…, on("signup", "login"))`, "", "ends a window call: these event kinds feed it instead of the rule's own"},
	{"has", `has(text)`, "bool", "the signal is known for this event"},
	{"hasLabel", `hasLabel(actor, "suspect")`, "bool", "the entity, or one of a list of them, bears the label"},
	{"matched", `size(matched("scam-words")) > 0`, "list(string)", "the entries of a bank that the event holds; unknown if there is no such bank"},
	{"score", `score("abuse") > 0.9`, "double", "how likely the text, or for a model of accounts the profile, is of a model's kind, from 0 to 1; unknown if there is no such model"},
	{"media.score", `media.score("nudity") > 0.9`, "double", "how likely a picture offends a policy, by the configured scorers: the highest of the event's pictures, from 0 to 1; unknown while none is scored"},
	{"list", `value in list("shorteners")`, "list(string)", "a list of the rule set, looked up by hash"},
}

var (
	keyType    = types.NewOpaqueType("key")    // what by(…) gives
	optionType = types.NewOpaqueType("option") // what where, on, take and strict give
)

// Most keys of a window, kinds of on(…), and options of a window call.
const (
	maxKeys    = 6
	maxOnKinds = 8
	maxOptions = 4
)

// language is the environment that expressions are checked in. It is the same for every rule set and never changes.
type language struct {
	env     *cel.Env
	signals map[string]*signal
	ordered []signal
	words   []string // every name that may stand in an expression, for hints
}

func newLanguage() (*language, error) {
	lang := &language{signals: map[string]*signal{}, ordered: allSignals()}
	opts := []cel.EnvOption{
		cel.ClearMacros(),
		cel.Macros(hasMacro(), cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(100),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserErrorRecoveryLimit(8),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
			cel.ValidateComprehensionNestingLimit(maxLoops)),
		ext.Strings(),
		cel.Variable("attrs", types.NewMapType(types.StringType, types.DynType)),
	}
	for i := range lang.ordered {
		s := &lang.ordered[i]
		lang.signals[s.name] = s
		lang.words = append(lang.words, s.name)
		opts = append(opts, cel.Variable(s.name, celType(s.node.kind)))
	}
	for _, f := range functions {
		lang.words = append(lang.words, f.Name)
	}
	lang.words = append(lang.words, fnBy, fnTake, fnStrict)
	env, err := cel.NewEnv(append(opts, declareFunctions()...)...)
	if err != nil {
		return nil, fmt.Errorf("build the rule language: %w", err)
	}
	lang.env = env
	return lang, nil
}

// entitySignals are the names of the signals that name an entity.
func (l *language) entitySignals() []string {
	var names []string
	for _, s := range l.ordered {
		if s.entity != event.NoEntity {
			names = append(names, s.name)
		}
	}
	return names
}

// hasMacro makes has(x) a call on any signal; CEL's own takes only a field of a message or map.
func hasMacro() cel.Macro {
	return cel.GlobalMacro("has", 1, func(eh parser.ExprHelper, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
		return eh.NewCall(fnHas, args...), nil
	})
}

// declareFunctions declares our functions to the checker. None has an implementation: every call is lifted out before a rule runs.
func declareFunctions() []cel.EnvOption {
	declared := map[string][]cel.FunctionOpt{}
	overload := func(name string, result *types.Type, args ...*types.Type) {
		id := fmt.Sprintf("%s_%d", name, len(declared[name]))
		declared[name] = append(declared[name], cel.Overload(id, slices.Clone(args), result))
	}
	window := func(name string, result *types.Type, args ...*types.Type) {
		for range maxOptions + 1 {
			overload(name, result, args...)
			args = append(args, optionType)
		}
	}
	dyn, str, num := types.DynType, types.StringType, types.IntType
	window("count", num, keyType, str)
	window("countDistinct", num, dyn, keyType, str)
	window("sum", types.DoubleType, dyn, keyType, str)
	window("rateLimited", types.BoolType, keyType, num, num, str)
	window("sessionize", types.TimestampType, keyType, str)
	window("trending", types.BoolType, keyType, str, num)
	window("firstSeen", types.TimestampType, keyType, str)
	window("lastSeen", types.TimestampType, keyType, str)
	for n := 1; n <= maxKeys; n++ {
		overload(fnBy, keyType, slices.Repeat([]*types.Type{dyn}, n)...)
	}
	for n := 1; n <= maxOnKinds; n++ {
		overload(fnOn, optionType, slices.Repeat([]*types.Type{str}, n)...)
	}
	overload(fnWhere, optionType, types.BoolType)
	overload(fnTake, optionType, num)
	overload(fnStrict, optionType)
	overload(fnHas, types.BoolType, dyn)
	overload(fnHasLabel, types.BoolType, str, str)
	overload(fnHasLabel, types.BoolType, types.NewListType(str), str)
	overload(fnList, types.NewListType(str), str)
	overload(fnScore, types.DoubleType, str)
	overload(fnMediaScore, types.DoubleType, str)
	overload(fnMatched, types.NewListType(str), str)

	var opts []cel.EnvOption
	for _, name := range sortedKeys(declared) {
		overloads := declared[name]
		unbound := cel.SingletonFunctionBinding(func(...ref.Val) ref.Val { return types.NewErr("%s was not lifted", name) })
		opts = append(opts, cel.Function(name, append(overloads, unbound)...))
	}
	return opts
}

// celType is a kind as the checker knows it.
func celType(k kind) *types.Type {
	switch k {
	case kindBool:
		return types.BoolType
	case kindInt:
		return types.IntType
	case kindTime:
		return types.TimestampType
	case kindDuration:
		return types.DurationType
	case kindDouble:
		return types.DoubleType
	case kindString:
		return types.StringType
	case kindList:
		return types.NewListType(types.StringType)
	}
	return types.DynType
}

// kindOf is the kind of a checked type; noKind if the planner has none for it.
func kindOf(t *types.Type) kind {
	switch t.Kind() {
	case types.BoolKind:
		return kindBool
	case types.IntKind:
		return kindInt
	case types.TimestampKind:
		return kindTime
	case types.DurationKind:
		return kindDuration
	case types.DoubleKind:
		return kindDouble
	case types.StringKind:
		return kindString
	case types.DynKind:
		return kindDyn
	case types.ListKind:
		if t.Parameters()[0].Kind() == types.StringKind {
			return kindList
		}
	}
	return noKind
}
