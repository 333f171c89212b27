package config

import (
	"fmt"
	"strings"
)

// minSecret is the fewest characters of a signing key.
const minSecret = 24

func (w *Webhook) validate(field string, wrong complain) {
	if !isName(w.Name) {
		wrong(field+".name", "%q must be 1 to 64 letters, digits, - or _", clip(w.Name))
	}
	checkURL(wrong, field+".url", w.URL, "http", "https")
	if (w.SecretEnv == "") == (w.SecretFile == "") {
		wrong(field, "give exactly one of secret_env and secret_file")
	}
	if len(w.Kinds) == 0 {
		wrong(field+".kinds", "must name at least one of label, unlabel, review, enforce, undo, notify")
	}
	for i, kind := range w.Kinds {
		oneOf(wrong, fmt.Sprintf("%s.kinds[%d]", field, i), kind, "label", "unlabel", "review", "enforce", "undo", "notify")
	}
}

// Secret fetches the key that deliveries to the receiver are signed with, from the environment that lookup stands for, or from
// its file. Errors name the place, never the content.
func (w *Webhook) Secret(lookup func(string) (string, bool)) (string, error) {
	var secret, place string
	if w.SecretEnv != "" {
		place = "environment variable " + w.SecretEnv
		value, found := lookup(w.SecretEnv)
		if !found {
			return "", fmt.Errorf("secret of webhook %s: %s is not set", w.Name, place)
		}
		secret = value
	} else {
		place = "file " + w.SecretFile
		data, err := readSmall(w.SecretFile)
		if err != nil {
			return "", fmt.Errorf("secret of webhook %s: %w", w.Name, err)
		}
		secret = string(data)
	}
	secret = strings.TrimSpace(secret)
	if len(secret) < minSecret {
		return "", fmt.Errorf("secret of webhook %s: %s holds fewer than %d characters", w.Name, place, minSecret)
	}
	return secret, nil
}
