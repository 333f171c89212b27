package rule

import "slices"

// ExamineFailures are the reasons for which a picture was not read, or a video has no frames.
func ExamineFailures() []string {
	return []string{"busy", "not_installed", "timeout", "unreachable", "refused", "missing", "too_large", "not_video", "malformed", "skipped", "failed"}
}

// examinedFault says why nothing is known of what was to be examined, if it is not.
func examinedFault(name string, known func(*Signals) bool, failures func(*Signals) []string) func(*Input) *fault {
	absent, reasons := &fault{name + " absent"}, map[string]*fault{}
	for _, why := range ExamineFailures() {
		reasons[why] = &fault{name + ": " + why}
	}
	return func(in *Input) *fault {
		if in.Stage == Examined && known(in.Signals) {
			return nil
		}
		for _, why := range failures(in.Signals) {
			if f := reasons[why]; f != nil {
				return f
			}
		}
		return absent
	}
}

// firstFault is the first of two that there is.
func firstFault(a, b func(*Input) *fault) func(*Input) *fault {
	return func(in *Input) *fault {
		if f := a(in); f != nil {
			return f
		}
		return b(in)
	}
}

func noBank(kind string) func(*Input) *fault {
	none := &fault{"no bank of " + kind}
	return func(in *Input) *fault {
		if in.Signals.Banks == nil || !in.Signals.Banks.HasKind(kind) {
			return none
		}
		return nil
	}
}

// examinedSignals are what rules read of media once they were examined.
func examinedSignals() []signal {
	read := func(name string) func(*Input) *fault {
		return examinedFault(name, func(s *Signals) bool { return s.HasText }, func(s *Signals) []string { return s.TextFailures })
	}
	seen := func(name string) func(*Input) *fault {
		return firstFault(examinedFault(name, func(s *Signals) bool { return s.HasVideo }, func(s *Signals) []string { return s.VideoFailures }), noBank("hashes"))
	}
	list := func(name string, unknown func(*Input) *fault, at scratch, found func(*Signals) ([]Found, bool), get func(*Found) string, doc string) signal {
		less := cutFault(name)
		return signal{name: name, doc: doc, size: foundSize, node: listNode(func(ev *Evaluation) ([]string, *fault) {
			if f := unknown(&ev.in); f != nil {
				return nil, f
			}
			out := ev.scratch[at][:0]
			all, cut := found(ev.in.Signals)
			for _, f := range all {
				if v := get(&f); !f.Good && v != "" && !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
			ev.scratch[at] = out
			if cut && len(out) == 0 {
				return nil, less
			}
			return out, nil
		})}
	}
	severity := func(name string, unknown func(*Input) *fault, found func(*Signals) ([]Found, bool), doc string) signal {
		return signal{name: name, doc: doc, node: intNode(kindInt, func(ev *Evaluation) (most int64, f *fault) {
			if f := unknown(&ev.in); f != nil {
				return 0, f
			}
			all, _ := found(ev.in.Signals)
			for _, f := range all {
				if !f.Good {
					most = max(most, f.Severity)
				}
			}
			return most, nil
		})}
	}
	said := func(s *Signals) ([]Found, bool) { return s.TextFound, s.TextCut }
	shown := func(s *Signals) ([]Found, bool) { return s.VideoFound, s.VideoCut }
	parts := func(s *Signals) ([]Found, bool) { return s.ShownFound, s.ShownCut }
	looked := func(name string) func(*Input) *fault {
		return firstFault(examinedFault(name, func(s *Signals) bool { return s.HasShown }, func(s *Signals) []string { return s.ShownFailures }), noBank("hashes"))
	}
	terms := func(name string) func(*Input) *fault { return firstFault(read(name), noBank("terms")) }
	entry, policy := func(f *Found) string { return f.Entry }, func(f *Found) string { return f.Policy }
	text, share, segments := read("media.text"), seen("media.video.share"), seen("media.video.segments")
	return []signal{
		{name: "media.text", doc: "what the event's pictures say, as far as it can be read; read only while a rule asks", size: textSize,
			node: textNode(func(ev *Evaluation) (string, *fault) { return ev.in.Signals.PictureText, text(&ev.in) })},
		list("media.text.terms", terms("media.text.terms"), scratchTextTerms, said, entry, "terms of bad banks in it, however they are disguised"),
		list("media.text.policies", terms("media.text.policies"), scratchTextPolicies, said, policy, "the policies that they offend"),
		severity("media.text.severity", terms("media.text.severity"), said, "the highest severity of them; 0 if there are none"),
		list("media.shown.banks", looked("media.shown.banks"), scratchShownBanks, parts, func(f *Found) string { return f.Bank },
			"banks that hold a picture, by its features, which the event's pictures show as a whole or in part: cropped, turned, under a caption, in a screenshot or a collage; looked for only while a rule asks"),
		list("media.shown.entries", looked("media.shown.entries"), scratchShownEntries, parts, entry, "their entries"),
		list("media.shown.policies", looked("media.shown.policies"), scratchShownPolicies, parts, policy, "the policies that they offend"),
		severity("media.shown.severity", looked("media.shown.severity"), parts, "the highest severity of them; 0 if there are none"),
		list("media.shown.evidence", looked("media.shown.evidence"), scratchShownEvidence, parts, (*Found).Evidence,
			"for a person to check: of each the picture, the entry, by what method it was recognised and how well, and which rectangle of the one shows which of the other, in pixels"),
		list("media.video.banks", seen("media.video.banks"), scratchVideoBanks, shown, func(f *Found) string { return f.Bank }, "banks of hashes that hold a picture like a frame of the event's videos"),
		list("media.video.entries", seen("media.video.entries"), scratchVideoEntries, shown, entry, "their entries"),
		list("media.video.policies", seen("media.video.policies"), scratchVideoPolicies, shown, policy, "the policies that they offend"),
		severity("media.video.severity", seen("media.video.severity"), shown, "the highest severity of them; 0 if there are none"),
		list("media.video.evidence", seen("media.video.evidence"), scratchVideoEvidence, shown, (*Found).Evidence,
			"for a person to check: of each the second at which it is shown first, and in how many bits the frame differs"),
		{name: "media.video.share", doc: "the part of a video's frames that are like one of them, from 0 to 1; of several videos the largest",
			node: doubleNode(func(ev *Evaluation) (float64, *fault) { return ev.in.Signals.VideoShare, share(&ev.in) })},
		{name: "media.video.segments", doc: "when those frames are shown, such as 12-15s", size: foundSize,
			node: listNode(func(ev *Evaluation) ([]string, *fault) { return ev.in.Signals.VideoSegments, segments(&ev.in) })},
	}
}
