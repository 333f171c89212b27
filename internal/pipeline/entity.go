package pipeline

// EntityView is what the loop knows of one entity. Times are nanoseconds of event time.
type EntityView struct {
	Labels      []LabelView      // by name; also those that a person removed
	Allows      []AllowView      // by policy
	Enforcement *EnforcementView // in force; nil for none
	OpenCases   []string         // policies, sorted
}

// LabelView is a label on an entity.
type LabelView struct {
	Name    string
	Status  string // "rule", "person" or "removed by person"
	By      string // rule id or person
	Reason  string
	Since   int64
	Expires int64 // 0 never
}

// AllowView keeps rules of a policy (empty: of all policies) from acting on an entity.
type AllowView struct {
	Policy  string
	By      string
	Reason  string
	Expires int64 // 0 never
}

// EnforcementView is the strongest enforcement in force on an entity.
type EnforcementView struct {
	Step    string
	Effect  string // id
	Rule    string
	Since   int64
	Expires int64 // 0 never
}
