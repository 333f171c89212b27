package auth

import "slices"

// Role is what a user is to the platform; it opens the routes of its scopes.
type Role string

// The roles.
const (
	Viewer    Role = "viewer"    // looks
	Moderator Role = "moderator" // decides cases
	Senior    Role = "senior"    // decides cases; acts on accounts; approves what is above a cap
	Analyst   Role = "analyst"   // follows groups, decides cases, acts on accounts
	Engineer  Role = "engineer"  // changes rules, banks and models
	Manager   Role = "admin"     // everything, users and keys included
	Auditor   Role = "auditor"   // looks, also at the audit trail
)

// roles is what each role may do, all of it.
var roles = [...]struct {
	role   Role
	scopes []Scope
}{
	{Viewer, []Scope{Read}},
	{Moderator, []Scope{Read, Review}},
	{Senior, []Scope{Read, Review, Act, Approve}},
	{Analyst, []Scope{Read, Review, Act}},
	{Engineer, []Scope{Decide, Read, Rules}},
	{Manager, []Scope{Ingest, Decide, Read, Rules, Review, Act, Approve, Audit, Admin}},
	{Auditor, []Scope{Read, Audit}},
}

// Roles lists the roles.
func Roles() []Role {
	all := make([]Role, len(roles))
	for i := range roles {
		all[i] = roles[i].role
	}
	return all
}

// Scopes are what the role may do; none for a word that is no role.
func (r Role) Scopes() []Scope {
	for i := range roles {
		if roles[i].role == r {
			return slices.Clone(roles[i].scopes)
		}
	}
	return nil
}
