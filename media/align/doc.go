// Package align recognises a known picture in one that was cropped, turned, framed, written on or shown on a screen, where a hash of the
// whole picture sees another picture; and it says how the two lie on one another.
//
// [Extract] finds up to 512 features of a picture: corners in eight sizes, each with its direction and 256 comparisons of the
// brightness around it (oriented FAST and rotated BRIEF; Rublee, Rabaud, Konolige & Bradski, ORB: an efficient alternative to SIFT or
// SURF, ICCV 2011), spread evenly over the picture. [Verify] pairs the features of two pictures that look alike, seeks the one
// turn, scale and shift on which most pairs agree, and counts the distinct places that do. A [Bank] holds the features of many
// pictures and finds the few that are worth verifying, so that no other hash has to suggest them.
//
// It misses pictures that have hardly any corners, inverted brightness, and pictures that take less than about a third of the query's
// side. What many pictures share, such as type, a logo or an interface, aligns by itself; [Verify] refuses most of it by the gap around which it
// agrees, and not all. docs/media-search.md has what was measured: recall by alteration, unrelated pictures, time and memory.
//
// All is deterministic for one build: the same planes give the same features, matches and transforms. The package stands alone.
package align
