package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/ringfence/ringfence/text/family"
)

type textFamiliesCmd struct {
	In     string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
	Slots  bool   `help:"Also print what filled the slots of the template, and in how many of the texts that it was mined from."`
	Memory int    `default:"1024" help:"Megabytes for families. When they are full, those go whose latest text is oldest, and their template with them."`
}

func (textFamiliesCmd) Help() string {
	return `Example:

	printf '{"id":"%s","text":"Your parcel from %s could not be delivered, pay the fee"}\n' 1 Acme 2 DHX | ringfence text families --in -

The families are found in the order of the texts. All is printed at the end, with the templates as they are then.
A text without letters has no family: "".`
}

// Validate is called by the command line's parser.
func (c textFamiliesCmd) Validate() error {
	if c.Memory < 1 {
		return fmt.Errorf("--memory is %d: want 1 megabyte at least", c.Memory)
	}
	return nil
}

// textFamily is one text as it is printed.
type textFamily struct {
	ID       string       `json:"id"`
	Family   string       `json:"family"`
	Template string       `json:"template"`
	Slots    [][]textFill `json:"slots,omitempty"`
}

type textFill struct {
	Text  string `json:"text"`
	Texts int    `json:"texts"`
}

func (c textFamiliesCmd) Run() error {
	type member struct {
		id     string
		family family.ID
	}
	var (
		members  []member
		index    = family.NewIndex(c.Memory << 20)
		sketcher family.Sketcher
		sketch   family.Sketch
	)
	if err := readTexts(c.In, func(t text) error {
		sketcher.Into(&sketch, t.Text)
		members = append(members, member{t.ID, index.Assign(&sketch, t.ID, int64(len(members)))})
		return nil
	}); err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	templates := map[family.ID]textFamily{0: {}}
	for _, m := range members {
		line, ok := templates[m.family]
		if !ok {
			line = c.describe(index, m.family)
			templates[m.family] = line
		}
		line.ID = m.id
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return w.Flush()
}

// describe is a line but for its id.
func (c textFamiliesCmd) describe(index *family.Index, id family.ID) textFamily {
	template, _ := index.Template(id)
	line := textFamily{Family: id.String(), Template: template.String()}
	if !c.Slots {
		return line
	}
	for _, part := range template.Parts {
		if part.Kind == "" {
			continue
		}
		fills := make([]textFill, len(part.Fills))
		for i, fill := range part.Fills {
			fills[i] = textFill(fill)
		}
		line.Slots = append(line.Slots, fills)
	}
	return line
}
