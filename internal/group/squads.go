package group

import "github.com/ringfence/ringfence/graph/evidence"

// squadTick is how often squads are looked for, which takes time for all acts that are remembered.
const squadTick = 6 * hour

// tieSquads ties the members of each squad that takes turns, at a tick.
func (f *Finder) tieSquads(at int64) error {
	if at < f.squads {
		return nil
	}
	f.squads = at - at%squadTick + squadTick
	found, err := f.model.Squads(second)
	if err != nil {
		return err
	}
	for _, s := range found {
		b := evidence.Batch{Trace: s.Trace, Key: "squad of " + f.model.Name(s.Members[0]), Expected: s.Expected, Log10P: s.Log10P}
		since := at
		if n, known := f.batchOf[place{b.Trace, b.Key}]; known && len(f.batches[n].visits) > 0 {
			since = f.batches[n].visits[0].At
		}
		for _, a := range s.Members {
			b.Visits = append(b.Visits, evidence.Visit{Account: a, At: since})
		}
		f.batch(&b)
		f.batches[f.batchOf[place{b.Trace, b.Key}]].lasts = f.squads + wholeTick
	}
	return nil
}
