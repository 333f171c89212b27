package sim

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// fill replaces each {slot} of a template by a word of its table; {n} is a number below 1,000 and {code} a short random code.
func fill(rng *rand.Rand, template string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var slot string
		slot, template, _ = strings.Cut(rest, "}")
		switch slot {
		case "n":
			b.WriteString(strconv.Itoa(rng.IntN(1000)))
		case "code":
			b.WriteString(hex8(rng.Uint32())[:6])
		case "topic":
			b.WriteString(pick(rng, topics))
		case "adj":
			b.WriteString(pick(rng, adjectives))
		case "noun":
			b.WriteString(pick(rng, nouns))
		case "name":
			b.WriteString(pick(rng, firstNames))
		case "place":
			b.WriteString(pick(rng, places))
		case "time":
			b.WriteString(pick(rng, times))
		}
	}
}

var (
	firstNames = []string{"ada", "amir", "anja", "bao", "carla", "chidi", "dara", "diego", "edda", "emil", "farah", "femi", "greta", "hana",
		"idris", "ines", "jonas", "kaito", "kira", "lena", "liam", "luca", "maren", "mika", "nadia", "nils", "noor", "olga", "omar", "paulo",
		"priya", "quinn", "rosa", "samir", "selma", "tariq", "tess", "uma", "vera", "wen", "yara", "zoe"}
	lastNames = []string{"abara", "bakker", "castel", "dorn", "eriks", "fontaine", "garza", "haddad", "ito", "jansen", "kowal", "lindt",
		"moreau", "nakata", "okoro", "petrov", "quist", "rossi", "santos", "tanaka", "ueda", "varga", "weiss", "yilmaz", "zeman"}
	nouns = []string{"bagel", "bicycle", "bridge", "cat", "cello", "cloud", "comet", "fern", "fox", "garden", "harbor", "kettle", "lamp",
		"lantern", "maple", "moth", "otter", "owl", "pebble", "piano", "puzzle", "radio", "river", "sparrow", "teapot", "tram", "walnut"}
	adjectives = []string{"amber", "brisk", "calm", "cosy", "curious", "dusty", "eager", "fuzzy", "gentle", "golden", "grumpy", "happy",
		"lazy", "lucky", "mellow", "odd", "quiet", "rusty", "shy", "silver", "sleepy", "soft", "sunny", "tiny", "wild", "windy"}
	topics = []string{"astronomy", "baking", "birds", "books", "cats", "chess", "climate", "coffee", "comics", "cycling", "dogs", "films",
		"football", "gardening", "hiking", "history", "knitting", "maps", "music", "opensource", "painting", "photography", "physics",
		"poetry", "politics", "running", "science", "skating", "tea", "theatre", "trains", "travel", "weather"}
	places = []string{"the harbor", "the old town", "the library", "the station", "the north side", "the lake", "the market", "the museum",
		"my street", "the office", "the park", "the bus", "the kitchen", "the balcony", "the coast", "the valley"}
	times = []string{"this morning", "tonight", "yesterday", "last week", "at noon", "on Sunday", "all day", "before dawn", "after work",
		"this weekend", "every year", "right now"}
	mailDomains = []string{"gmail.com", "gmail.com", "outlook.example", "mail.example", "post.example", "inbox.example", "uni.example"}
	hosts       = []string{"pds-1.big.example", "pds-2.big.example", "pds-3.big.example", "pds-4.big.example", "pds-5.big.example",
		"pds-6.big.example", "social.coop.example", "bsd.club.example"}
	sites = []string{"news.example", "video.example", "blog.example", "weather.example", "shop.example", "wiki.example", "code.example",
		"radio.example", "daily.example", "photos.example"}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_2) AppleWebKit/605.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101", "SocialApp/1.94 (iPhone; iOS 18.1)", "SocialApp/1.94 (Android 15)",
	}
)

var (
	posts = []string{
		"Saw a {adj} {noun} near {place} {time}.", "Anyone else into {topic}? I found a {adj} book about it.",
		"{time} I finally fixed the {noun}. Only took {n} tries.", "My {noun} is so {adj} {time}.", "Hot take: {topic} is better than {topic}.",
		"Thinking about {topic} on {place}, and about the {adj} {noun} of {name}.", "Coffee first, {topic} later.",
		"{name} says {topic} is over. I say wait for the {adj} {noun}.", "Day {n} of learning {topic}.", "New post about {topic} and {topic}:",
		"If you need me I am at {place} with a {noun}.", "Is it just me or is {place} very {adj} {time}?", "The {noun} at {place} is gone. Sad.",
		"Reading about {topic} {time}, {n} pages to go.", "I would trade my {noun} for a {adj} {noun} {time}.",
		"Good morning from {place}!", "We lost {n} to {n} but the {noun} was {adj}.", "What a {adj} day for {topic}.",
	}
	foreignPosts = []struct{ lang, text string }{
		{"de", "Heute am Hafen {n} Möwen gezählt. Herrlich."}, {"de", "Der Zug hat wieder {n} Minuten Verspätung."},
		{"es", "Hoy he leído {n} páginas de poesía."}, {"es", "¿Alguien más con frío en la estación? Llevo {n} minutos aquí."},
		{"pt", "Bom dia! Já corri {n} metros hoje."}, {"ja", "今日は本を{n}ページ読みました。"},
	}
	replies = []string{
		"Same here, {time}.", "This is {adj}.", "Where is that? Looks like {place}.", "Ha, my {noun} does that too.", "I disagree, {topic} is fine.",
		"Thank you, {name} will love this.", "So {adj}!", "Have you tried {topic}?", "Number {n} is my favourite.", "No way, {time}?",
		"Source? I only know the {adj} {noun} of {place}.", "Congratulations!", "Hope it gets better.", "We did that {time} with a {noun}.",
	}
	profiles = []string{"{topic}, {topic} and one {adj} {noun}", "From {place}. Mostly {topic}.", "{adj} {noun}, {topic} fan, opinions mine"}
)

// What the campaigns and the look-alikes say.
var (
	spamTemplates = []string{
		"🔥 {name} made ${n} {time} from home! Free sign-up, only {n} places left 👉 {link}",
		"I could not believe it until I tried: {adj} {noun} crypto bonus, code {code}, ends {time} {link}",
		"Your friend {name} sent you a {adj} gift. Claim it {time}: {link} (ref {code})",
	}
	spamFiller   = []string{"gm everyone", "have a {adj} day", "love {topic}", "what a {adj} {noun}", "hello from {place}"}
	sleeperLine  = "unbelievable, look what they found {link}"
	brigadeLines = []string{
		"nobody asked you", "delete your account", "everyone knows you made it up", "you should be ashamed, leave", "stop lying about {topic}",
		"we are all laughing at you", "go away, {name} was right about you", "how are you still here", "quit, nobody wants you here",
	}
	victimPost  = "I wrote about {topic} at {place}. It took {n} days, be kind."
	trainLines  = []string{"🚂 follow train! follow everyone who likes this, I follow back {n}%", "follow back party {time} 🚂 drop your handle", "gain {n} followers {time}, follow all who repost 🚂"}
	newsLines   = []string{"Big news {time}:", "Wow. {name}, look at this.", "This changes {topic} for good.", "Finally.", "I can not believe it.", "Important read:"}
	newsDefault = "Breaking: agreement on the harbor bridge reached after {n} days of talks {link}"
	deskLines   = []string{"{name} reports on {topic} from {place}", "New {time}: the {adj} story behind {topic}", "Opinion: why {topic} matters at {place}", "In pictures: {place} {time}"}
	giveawayAsk = "GIVEAWAY 🎁 win a {adj} {noun}! Follow me, repost and reply DONE. Ends {time}. #giveaway"
	giveawayYes = []string{"DONE", "done! #giveaway", "DONE, fingers crossed 🤞", "done, good luck all"}
	studentPost = []string{"first day on campus, {place} is huge", "anyone else in {topic} 101?", "dorm wifi works, hello", "met a {adj} {noun} on campus {time}"}
)
