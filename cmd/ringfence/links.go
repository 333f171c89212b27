package main

import "github.com/ringfence/ringfence/text/link"

type textLinksCmd struct {
	In string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
}

func (textLinksCmd) Help() string {
	return `Example:

	echo '{"id":"1","text":"hxxps://ex[.]ample[.]com/a?utm_source=b"}' | ringfence text links --in -

start and end are bytes of the text. url is the page's one canonical form, domain what is registered; looks is the ASCII domain that
an internationalised host resembles, and homograph says that it does so by letters of another script.`
}

// textLink is one link as it is printed.
type textLink struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Surface   string `json:"surface"`
	URL       string `json:"url"`
	Host      string `json:"host"`
	Domain    string `json:"domain"`
	Looks     string `json:"looks,omitempty"`
	Homograph bool   `json:"homograph,omitempty"`
	Defanged  bool   `json:"defanged,omitempty"`
	Shortener bool   `json:"shortener,omitempty"`
	Tracked   bool   `json:"tracked,omitempty"`
}

func (c textLinksCmd) Run() error {
	var found []link.Link
	return eachText(c.In, func(t text) any {
		found = link.Find(found[:0], t.Text)
		links := make([]textLink, len(found))
		for i, l := range found {
			links[i] = textLink{l.Start, l.End, t.Text[l.Start:l.End], l.Canonical, l.Host, l.Domain, l.Looks, l.Homograph, l.Disguised, l.Shortener, l.Tracked}
		}
		return struct {
			ID    string     `json:"id"`
			Links []textLink `json:"links"`
		}{t.ID, links}
	})
}
