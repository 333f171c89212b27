package lookup

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is an MD5, SHA-1 or SHA-256 of a file: its length tells which. MD5 and SHA-1 are there because lists have them; whoever makes both
// of two files can make them equal.
type Digest struct {
	size  uint8
	bytes [sha256.Size]byte
}

func digest(sum []byte) (d Digest) {
	d.size = uint8(copy(d.bytes[:], sum))
	return d
}

// Digests are all three digests of a file.
func Digests(file []byte) []Digest {
	plain, older, strong := md5.Sum(file), sha1.Sum(file), sha256.Sum256(file)
	return []Digest{digest(plain[:]), digest(older[:]), digest(strong[:])}
}

// ParseDigest reads 32, 40 or 64 hexadecimal digits of either case.
func ParseDigest(s string) (Digest, error) {
	switch len(s) {
	case 2 * md5.Size, 2 * sha1.Size, 2 * sha256.Size:
	default:
		return Digest{}, fmt.Errorf("lookup: a digest has 32 (MD5), 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, not %d characters", len(s))
	}
	sum, err := hex.DecodeString(s)
	if err != nil {
		return Digest{}, fmt.Errorf("lookup: not a digest: %w", err)
	}
	return digest(sum), nil
}

// Method is how a match by this digest is called; empty for the zero Digest.
func (d Digest) Method() Method {
	switch d.size {
	case md5.Size:
		return MD5
	case sha1.Size:
		return SHA1
	case sha256.Size:
		return SHA256
	}
	return ""
}

// String is the digest in lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d.bytes[:d.size]) }
