// Package family finds texts that are copies of one another, as they arrive, and tells what they have in common.
//
// A [Sketcher] turns a text into a [Sketch]: a pure function, so that it can be made anywhere and by many. An [Index] takes
// sketches one after the other and says to which family each belongs. A family is a text and what was recognised as its near-copy:
// edited, cut, quoted in something longer, disguised with other letters, filled in otherwise. Nobody has to know the text
// beforehand. [Index.Template] shows the parts that a family's texts share, and what filled the places between.
//
// Texts are compared by their canonical form: folded ([fold.Fold]), without links, mentions and number signs, letters as the
// plain ones that they look like, every digit 0, and everything between words one space. Two texts are near-copies if of the
// pieces of five characters in either at least 34% are in both, or if of those in the shorter at least 62% are in the longer; of
// short texts more must agree, and of texts below some 16 letters all.
// The package stands alone.
package family

// Version of what sketches, and the records of an index, are. Sketches of different versions cannot be compared: who keeps images of
// an index keeps their version, and begins with an empty index where it is another.
const Version = 1

//go:generate go run ./gen
