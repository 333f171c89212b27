package sim

// act is an event before it is written out: who does what, by numbers.
type act struct {
	at     int64
	serial uint64 // its place among all acts of the round, from 1
	actor  uint32 // number of an account
	target uint32 // number of an account + 1; 0: none
	made   uint32 // number of the content that the act makes; 0: none
	of     uint32 // number of the content that is acted on; 0: none
	line   uint32 // index of what is said in world.lines; 0: own words
	link   uint32 // number of a link in the words of one's own; 0: none
	kind   kind

	// counts are the posts and follows of the actor so far; of metrics the views and reshares.
	counts [2]uint32
}

// kind is what an act is.
type kind uint8

const (
	post kind = iota
	reply
	quote
	repost
	like
	follow
	unfollow
	signup
	login
	profile
	edit
	remove
	report
	metrics
	idle // as anybody would: it becomes another kind when its time comes
	nKinds
)

var kinds = [nKinds]string{
	post: "post", reply: "reply", quote: "quote", repost: "repost", like: "like", follow: "follow", unfollow: "unfollow", signup: "signup",
	login: "login", profile: "profile", edit: "edit", remove: "delete", report: "report", metrics: "metrics",
}

// line is what a campaign or a look-alike says.
type line struct {
	spin       string   // a text in the form of spin; empty: words of one's own
	also       []string // the same in other languages
	langs      []string // of these
	paraphrase int      // how many of a hundred words that have another are replaced by it
	disguise   disguise
	link       string
	tags       []string
	picture    uint64 // the picture that is shown; 0: none
	altered    int    // bits of its hash, at most, in which a copy differs
	reason     string // of a report
	client     string // that posts it
}

// content is something that others react to.
type content struct{ id, author uint32 }
