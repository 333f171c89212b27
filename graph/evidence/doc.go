// Package evidence says which pairs of accounts act together more often than chance explains, and why.
//
// An act is an account at a key of a trace at a time: a link that it shared, an account that it followed, an address that it came
// from. Two accounts co-act when both were at one key within the trace's window; they count once for each time that the key brings them together, however
// often they act there meanwhile. What chance explains is the degree-corrected null model: were all keys drawn at random, accounts keeping how often they
// act (d) and keys how many act on them (n) and how close in time (k pairs within the window), then u and v would co-act
//
//	λ = d_u·d_v·C / E²   times, with   E = Σ d,   C = Σ 2·n·k/(n−1) over keys,
//
// and the p-value of c co-actions is P(Poisson(λ) ≥ c). What a campaign does itself is part of C, which errs on the safe side. Traces that see
// the same acts are of one class, of which the least p-value counts, times their number; classes in which both accounts act are combined by Fisher's method or by the
// least of them, whichever says more, at the cost of that choice. A pair that repeats nothing is no
// edge, however many traces have it once: one occasion, such as a giveaway, may ask for a follow, a repost and a reply at a time. False discoveries are held to a share by the procedure of Benjamini and Hochberg (1995) over all pairs of accounts, not over those
// that were seen together, which would be a selection.
//
// A trace of batches is tested by key: accounts that sign up from one address within a day are each there once, so that no pair repeats, but so many of
// them do not come by chance. The number of other accounts at a key is held against a Poisson with the mean over all keys, and the keys that pass
// (by Bonferroni) bind all of their accounts.
//
// The model grants nothing to communities and hours: people with one interest who are awake at one time meet more often than λ says, the longer the
// window, the more so. Sums and logarithms are those of package math: p-values agree between processors but for their last bits.
package evidence
