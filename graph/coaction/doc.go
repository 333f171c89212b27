// Package coaction finds accounts that act on the same objects close in time. That two accounts do so once says little; that they do so
// again and again on objects that few others touch is the first evidence of a group.
//
// All of it rests on one join: the acts on an object lie in a [Timeline] in order of time, and an act is paired with those within a
// window around it. Rows are never multiplied out.
//
// On files, [Shares] holds rows of (object, account, content, time), and two searches reproduce the edge lists of known tools:
//
//   - [CooRTweet]: package CooRTweet 2.1 for R (Righetti and Balluff), with its second filter, threshold and order of columns;
//   - [Toolkit]: the coordination-network-toolkit of QUT (Graham and QUT Digital Observatory), directed and counted in messages.
//
// Both take memory for the rows and a fixed amount for pairs, however many pairs there are: what does not fit is searched in several
// passes. Popular objects, on which pairs grow with the square of their actors, can be sampled; see [Sampling].
//
// In a stream, [Stream] takes one act after the other and keeps, for each pair of accounts and kind of act, how much they acted together lately,
// within several windows, in bounded memory.
package coaction
