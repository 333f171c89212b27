// Package reviewbench measures orders of the review queue: it simulates months of a review team, once for each order, on the same
// cases, views, reports and luck, and compares the harm that was prevented.
//
// A month is a discrete-event simulation. Cases on accounts and groups come in day and night; their views are spread by a branching
// process or by real cascades ([Spread]); their profiles are drawn from fits to, or rows of, a table of labelled accounts
// ([Population]). Reviewers work in shifts, differ, err more on what is difficult, and hear appeals. What a month is like is a [Cell];
// [Cells] are the base cell and each factor varied alone. [Policies] are the orders: simple ones of other tools, the one that ships
// with its variants, and references that know the truth. [Run] gives a [Row] for each, and [Report] makes the tables.
//
// Harm is severity × views of violating cases between their opening and an action. All that is shown is simulated: the shape of the
// results means something, the numbers hold for this world only. The world is ours, too, so it leans on nothing that the shipped order
// was fitted to but the seeds 1 to 20; reports use others.
//
// Where it ends: nobody answers an action by coming back under another name; groups are wholly one or the other, and an action on one is
// counted as one; reviewers have no skills that others lack and do not tire.
package reviewbench
