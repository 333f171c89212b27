package sim

// Dials say how hard a campaign is to see.
type Dials struct {
	Size          int `json:"size"`          // accounts
	Objects       int `json:"objects"`       // things that they act on together: posts, links, victims' posts, bursts of copies
	Participation int `json:"participation"` // percent of the members who take part in each
	Jitter        int `json:"jitter"`        // seconds in which those act: evenly, but for the drip, where it is the mean of an exponential
	Camouflage    int `json:"camouflage"`    // acts of each member, on average, that are as anybody's
	Reuse         int `json:"reuse"`         // percent of the objects that are an earlier one again
	Paraphrase    int `json:"paraphrase"`    // percent of the words with an alternative that a copy replaces
	Days          int `json:"days"`          // over which the campaign stretches
}

// Span is the dials that a simulation draws between: each evenly, and Jitter by its logarithm.
type Span struct {
	Name string
	What string // in a few words
	From Dials
	To   Dials
}

// Archetypes are the kinds of campaign, with the dials that are drawn from. Sizes are for 20,000 accounts in each repetition of all kinds; smaller
// platforms have smaller campaigns.
func Archetypes() []Span {
	all := make([]Span, len(archetypes))
	for i, a := range archetypes {
		all[i] = a.Span
	}
	return all
}

type archetype struct {
	Span
	stage func(*campaign)
}

var archetypes = []archetype{
	{Span{"co-share", "share links within seconds of each other",
		Dials{30, 24, 50, 30, 2, 0, 20, 4}, Dials{54, 36, 70, 90, 5, 20, 60, 6}}, stageCoShare},
	{Span{"boost", "repost and like what their customers post",
		Dials{50, 36, 30, 300, 7, 0, 0, 4}, Dials{80, 60, 50, 900, 14, 0, 0, 6}}, stageBoost},
	{Span{"follow-train", "follow most of each other within days",
		Dials{40, 1, 40, 0, 5, 0, 0, 5}, Dials{65, 1, 60, 0, 12, 0, 0, 6}}, stageFollowTrain},
	{Span{"paraphrase", "say one thing in other words, or other languages",
		Dials{26, 8, 40, 1800, 5, 0, 20, 4}, Dials{46, 14, 70, 7200, 12, 0, 60, 6}}, stageParaphrase},
	{Span{"shared-infrastructure", "act apart, from one pool of addresses and a few devices",
		Dials{90, 0, 70, 0, 7, 0, 0, 5}, Dials{150, 0, 70, 0, 14, 0, 0, 6}}, stageInfrastructure},
	{Span{"reply-brigade", "answer each post of a victim with abuse, and report it",
		Dials{35, 8, 40, 2400, 5, 0, 30, 3}, Dials{60, 14, 60, 7200, 12, 0, 70, 5}}, stageBrigade},
	{Span{"slow-drip", "pass on the same things, hours or days apart",
		Dials{20, 20, 60, 36_000, 7, 0, 20, 5}, Dials{36, 30, 80, 57_600, 14, 0, 60, 6}}, stageDrip},
	{Span{"camouflage", "hide a few co-shares among many acts like anybody's",
		Dials{30, 10, 40, 90, 90, 0, 20, 4}, Dials{54, 14, 60, 180, 150, 0, 60, 6}}, stageCamouflage},
	{Span{"hijacked", "old accounts of people, taken over on one day and used at once",
		Dials{20, 12, 50, 180, 0, 0, 0, 1}, Dials{36, 18, 70, 480, 0, 0, 0, 1}}, stageHijacked},
	{Span{"sleeper-cell", "sign up together, sleep, wake together",
		Dials{30, 16, 50, 180, 1, 0, 0, 1}, Dials{54, 24, 70, 480, 3, 0, 0, 1}}, stageSleepers},
	{Span{"rotating-squads", "another five share each link, so that few pairs repeat",
		Dials{18, 45, 17, 30, 4, 0, 20, 4}, Dials{30, 75, 17, 90, 8, 0, 60, 6}}, stageSquads},
	{Span{"follow-ring", "follow each other, slowly, and nobody leads",
		Dials{14, 1, 60, 0, 6, 0, 0, 5}, Dials{28, 1, 90, 0, 14, 0, 0, 6}}, stageRing},
	{Span{"copypasta", "post copies of a few texts with a link, often disguised, some with a picture",
		Dials{20, 8, 50, 300, 3, 20, 0, 3}, Dials{50, 14, 80, 1200, 10, 60, 20, 5}}, stageCopypasta},
	{Span{"signup-batch", "sign up in one batch by one program, then spam through proxies",
		Dials{24, 6, 40, 600, 0, 50, 10, 2}, Dials{50, 10, 70, 3600, 4, 90, 40, 4}}, stageBatch},
	{Span{"trend-attack", "push a hashtag, and delete each post within seconds",
		Dials{20, 4, 60, 60, 2, 20, 20, 2}, Dials{40, 8, 90, 240, 8, 60, 60, 4}}, stageTrend},
	{Span{"relay", "some post, others answer, others boost",
		Dials{20, 16, 40, 300, 4, 0, 20, 4}, Dials{36, 26, 60, 1200, 10, 0, 50, 6}}, stageRelay},
	{Span{"bridge", "two campaigns of co-shares that have some accounts in common",
		Dials{16, 24, 50, 30, 2, 0, 20, 4}, Dials{30, 36, 70, 90, 5, 20, 60, 6}}, stageBridge},
	{Span{"customers", "paid followers, reposts and likes for people who also have genuine ones",
		Dials{20, 10, 40, 600, 6, 0, 0, 4}, Dials{40, 18, 60, 3600, 16, 0, 0, 6}}, stageCustomers},
}

// draw is the dials of one campaign, with the size that a platform of the scale has.
func (s Span) draw(d dice, scale Scale) Dials {
	of := func(from, to int) int { return d.among(from, max(from, to)) }
	a, b := s.From, s.To
	drawn := Dials{
		Size: of(a.Size, b.Size), Objects: of(a.Objects, b.Objects), Participation: of(a.Participation, b.Participation),
		Camouflage: of(a.Camouflage, b.Camouflage), Reuse: of(a.Reuse, b.Reuse), Paraphrase: of(a.Paraphrase, b.Paraphrase), Days: of(a.Days, b.Days),
	}
	if a.Jitter > 0 {
		low, high := log2(uint64(a.Jitter)), log2(uint64(b.Jitter))
		drawn.Jitter = int(power(1<<20, low+d.Int64N(high-low+1)) >> 20)
	}
	drawn.Size = max(6, min(drawn.Size, scale.Accounts/100))
	drawn.Days = min(drawn.Days, scale.Days-1)
	return drawn
}
