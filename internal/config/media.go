package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// What a scorer has that does not say otherwise.
const (
	scorerTimeout = Duration(5 * time.Second)
	scorerBatch   = 16
)

// Bounds of scorers; a record of signals has room for as many.
const (
	maxScorers  = 16
	maxPolicies = 64
)

// keepWords are the amounts that can be kept of a picture.
var keepWords = []string{"nothing", "preview", "original"}

// policyPattern is what rules and banks take as a policy.
var policyPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (k *Keep) validate(wrong complain) {
	oneOf(wrong, "media.keep.default", k.Default, keepWords...)
	if len(k.Policies) > maxPolicies || len(k.Never) > maxPolicies {
		wrong("media.keep", "more than %d policies", maxPolicies)
	}
	for i, p := range k.Policies {
		field := fmt.Sprintf("media.keep.policies[%d]", i)
		checkPolicy(wrong, field+".policy", p.Policy)
		oneOf(wrong, field+".keep", p.Keep, keepWords...)
	}
	for i, policy := range k.Never {
		checkPolicy(wrong, fmt.Sprintf("media.keep.never[%d]", i), policy)
	}
	within(wrong, "media.keep.retention", k.Retention, span(time.Hour), span(365*24*time.Hour))
	within(wrong, "media.keep.quota", k.Quota, 1<<20, 1<<44)
}

func checkPolicy(wrong complain, field, policy string) {
	if !policyPattern.MatchString(policy) {
		wrong(field, "%q must be of a-z, 0-9 and -, at most 64 characters", clip(policy))
	}
}

func (m *Media) validate(wrong complain) {
	m.Keep.validate(wrong)
	if len(m.Scorers) > maxScorers {
		wrong("media.scorers", "%d scorers are more than %d", len(m.Scorers), maxScorers)
	}
	names := map[string]int{}
	for i := range m.Scorers {
		field := fmt.Sprintf("media.scorers[%d]", i)
		s := &m.Scorers[i]
		s.validate(field, wrong)
		if first, taken := names[s.Name]; taken {
			wrong(field+".name", "%q is also the name of media.scorers[%d]", s.Name, first)
		}
		names[s.Name] = i
	}
}

func (s *Scorer) validate(field string, wrong complain) {
	if !isName(s.Name) {
		wrong(field+".name", "%q must be 1 to 64 letters, digits, - or _", clip(s.Name))
	}
	checkURL(wrong, field+".url", s.URL, "http", "https")
	if len(s.Policies) == 0 || len(s.Policies) > maxPolicies {
		wrong(field+".policies", "must name 1 to %d policies", maxPolicies)
	}
	for i, policy := range s.Policies {
		checkPolicy(wrong, fmt.Sprintf("%s.policies[%d]", field, i), policy)
	}
	s.Timeout, s.Batch = cmp.Or(s.Timeout, scorerTimeout), cmp.Or(s.Batch, scorerBatch)
	within(wrong, field+".timeout", s.Timeout, span(10*time.Millisecond), span(time.Minute))
	within(wrong, field+".batch", s.Batch, 1, 256)
}

// Token fetches the bearer token for the server from the environment that lookup stands for; empty if the scorer has none.
func (s *Scorer) Token(lookup func(string) (string, bool)) (string, error) {
	if s.TokenEnv == "" {
		return "", nil
	}
	token, found := lookup(s.TokenEnv)
	if token = strings.TrimSpace(token); !found || token == "" {
		return "", fmt.Errorf("token of scorer %s: environment variable %s is not set", s.Name, s.TokenEnv)
	}
	return token, nil
}
