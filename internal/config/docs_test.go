package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestReferenceIsFresh makes docs/configuration.md from the fields' descriptions and the defaults.
func TestReferenceIsFresh(t *testing.T) {
	golden(t, "../../docs/configuration.md", reference(t))
}

func reference(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# Configuration

Ringfence reads one YAML file, ` + "`--config FILE`" + `; every key has a default, so that an empty file or none at all is a valid configuration.
The file is read strictly: an unknown key, a missing unit or a value out of range is refused with file, line and column.
` + "`ringfence config check FILE`" + ` does only that.

Time spans are written ` + "`50ms`, `2m`, `1h30m` or `30d`, sizes `512B`, `64KiB`, `1MiB` or `2GiB`, shares `5%`" + `. A path that is not absolute is taken from
the directory that the program was started in. Secrets are never in this file: it names the environment variable or the file
that holds them.

<!-- Made from internal/config by go test ./internal/config -update; do not edit. -->

| key | default | meaning |
|---|---|---|
`)
	defaults := Defaults()
	section(t, &b, "", reflect.ValueOf(defaults))
	b.WriteString(`
A file with two receivers:

` + "```yaml" + `
data_dir: /var/lib/ringfence
ingest:
  quota: {events_per_second: 5000, burst: 10000}
webhooks:
  - name: platform
    url: https://platform.example/hooks
    secret_env: PLATFORM_WEBHOOK_KEY
    kinds: [label, enforce]
  - name: on-call
    url: https://10.1.2.3/alerts
    secret_file: /run/secrets/on-call
    kinds: [notify]
    allow_private: [10.1.0.0/16]
` + "```" + `
`)
	return b.String()
}

func section(t *testing.T, b *strings.Builder, prefix string, v reflect.Value) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		key, doc := prefix+tag.Get("yaml"), tag.Get("doc")
		if tag.Get("yaml") == "" || doc == "" || !strings.HasSuffix(doc, ".") {
			t.Errorf("field %s%s needs a key and a description that is a sentence", prefix, v.Type().Field(i).Name)
		}
		field := v.Field(i)
		value := fmt.Sprintf("`%v`", field.Interface())
		switch {
		case field.Kind() == reflect.Struct:
			value = ""
		case field.Kind() == reflect.Slice:
			value = "none"
		case field.IsZero() && field.Kind() != reflect.Bool:
			value = "empty"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", key, value, doc)
		switch {
		case field.Kind() == reflect.Struct:
			section(t, b, key+".", field)
		case field.Type() == reflect.TypeFor[[]Webhook]():
			section(t, b, key+"[].", reflect.ValueOf(Webhook{}))
		case field.Type() == reflect.TypeFor[[]KeepPolicy]():
			section(t, b, key+"[].", reflect.ValueOf(KeepPolicy{}))
		case field.Type() == reflect.TypeFor[[]Scorer]():
			section(t, b, key+"[].", reflect.ValueOf(Scorer{}))
		}
	}
}

// TestTheExampleOfTheReferenceIsValid keeps the documentation honest.
func TestTheExampleOfTheReferenceIsValid(t *testing.T) {
	_, rest, _ := strings.Cut(reference(t), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	if c, err := Parse("example.yaml", []byte(example)); err != nil || len(c.Webhooks) != 2 {
		t.Errorf("%d webhooks, %v", len(c.Webhooks), err)
	}
}
