// Package evidence says which pairs of accounts act together more often than chance explains, and why.
//
// An act is an account at a key of a trace at a time: a link that it shared, an account that it followed, an address that it came from. Two accounts co-act when
// both were at one key within one of the trace's windows. They count once for each time that the key brings them together, however often they act there
// meanwhile, at every level that holds the meeting: the windows that are as wide as they were apart, and the crowds (of all others at the key) that are as large.
// To meet within a minute at a link that eight accounts share says more than within a day at one that thousands do, and each level has a chance of its own.
//
// What chance explains is a degree-corrected null model: at a level, accounts u and v that act d_u and d_v times in the trace meet λ = ρ·d_u·d_v times. People share interests and
// hours, so that some pairs meet far more often and most never; the model is the mixture of pairs that meet h·λ times, one in h, and of pairs that never do. ρ and h are fitted to how
// many pairs met at all and how many met again, of all pairs of accounts by their degrees. What a pair does beyond its second meeting is not looked at, so that neither a campaign's rate nor
// its share of the trace makes it usual. The p-value of n meetings is P(Poisson(h·λ) ≥ n), as if every pair had something in common; of the levels the least counts, times
// their number.
//
// Traces that see the same acts are of one class, of which the least p-value counts, times their number; classes in which both accounts act are combined by Fisher's method or by the
// least of them, whichever says more, at the cost of that choice. A pair that met fewer than three times is no edge. False discoveries are held to a share by the
// procedure of Benjamini and Hochberg (1995), for each trace and for all together, over all pairs of accounts and not over those that were seen together, which would be a selection.
//
// A trace of batches is tested by key: accounts that sign up from one address within a day are each there once, so that no pair repeats, but so many of
// them do not come by chance. The number of other accounts at a key is held against a Poisson with the mean over all keys, and the keys that pass
// (by Bonferroni) bind all of their accounts.
//
// All state is in tables of fixed-size entries, bounded, from which the oldest go first. Of a key with many acts within its greatest window those of a sample of accounts are paired, the same
// sample at all keys, and pairs that met repeatedly elsewhere whether in the sample or not. Nothing depends on the order of a map. Sums and logarithms are those of package math: p-values
// agree between processors but for their last bits.
//
// Where it ends: h is one number a level, so a pair with more in common than h allows (a couple) can stand by chance; at a level where a campaign is nearly all that ever met twice, h grows to
// its bound and the campaign needs more meetings to stand. Evidence does not fade with time other than by being forgotten.
package evidence
