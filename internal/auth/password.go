package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/ringfence/ringfence/internal/record"
)

// A password is kept as "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>", the form in which other programs keep it too, with the least cost that OWASP's cheat sheet on the
// storage of passwords names: 19 MiB and two passes, some 30 ms.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	hashLen = 32

	leastPassword = 12   // characters
	mostPassword  = 1024 // bytes
)

func checkPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < leastPassword:
		return fmt.Errorf("%w: a password has at least %d characters; a sentence does well", record.ErrInvalid, leastPassword)
	case len(password) > mostPassword:
		return fmt.Errorf("%w: a password has at most %d bytes", record.ErrInvalid, mostPassword)
	}
	return nil
}

func hashPassword(password string) string {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	hash := argon2.IDKey([]byte(password), salt, passes, memory, lanes, hashLen)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// passwordMatches reports whether a password is the hashed one. What was not hashed at a cost of ours matches nothing: nobody can make the server work longer by what it stores.
func passwordMatches(hashed, password string) bool {
	parts := strings.Split(hashed, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", memory, passes, lanes) {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	hash, bad := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || bad != nil || len(hash) != hashLen {
		return false
	}
	return subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, passes, memory, lanes, hashLen), hash) == 1
}
