// Package group finds groups of accounts that act together in a stream of events, keeps them as they grow, and says how likely each is to do harm.
//
// A [Finder] turns events into acts of several traces, asks [evidence] at every tick of event time which pairs stand, and takes the communities of
// these edges for groups. Acting together is one thing, harm another: newsrooms and campuses act together. Boosted trees over
// features of the group, trained on the simulated platform, gives the second.
package group
