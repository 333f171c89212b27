package sim

import "strings"

// appendPost appends what somebody writes of their own accord, and says in which language.
func appendPost(to []byte, d dice) (text []byte, lang string) {
	if d.IntN(20) == 0 {
		f := pick(d, foreignPosts)
		return appendSpun(to, d, f.text, 50), f.lang
	}
	from := len(to)
	for i := range d.among(2, 3) {
		if i > 0 {
			to = append(to, pick(d, joints)...)
		}
		to = appendSpun(to, d, pick(d, clauses), 75)
	}
	if to[from] >= 'a' && to[from] <= 'z' && d.chance(60) {
		to[from] -= 'a' - 'A'
	}
	return append(to, pick(d, ends)...), "en"
}

// appendReply appends an answer; a third are a few words that anybody says.
func appendReply(to []byte, d dice) []byte {
	if d.chance(33) {
		return appendSpun(to, d, pick(d, shortReplies), 75)
	}
	to = appendSpun(to, d, pick(d, replies), 75)
	to = append(to, pick(d, joints)...)
	return append(appendSpun(to, d, pick(d, clauses), 75), pick(d, ends)...)
}

func appendProfile(to []byte, d dice) []byte { return appendSpun(to, d, pick(d, profiles), 75) }

// appendHeadline appends what a site says of a page of its own.
func appendHeadline(to []byte, d dice) []byte { return appendSpun(to, d, pick(d, headlines), 75) }

var (
	firstNames = strings.Fields(`ada amir anja bao carla chidi dara diego edda emil farah femi greta hana idris ines jonas kaito kira lena liam luca
		maren mika nadia nils noor olga omar paulo priya quinn rosa samir selma tariq tess uma vera wen yara zoe aino bruno celia dmitri eloise
		fatou goran hilde ivan jule kofi lars mina nuno oskar pilar rahel sanna teo ulla viktor wanda xenia yusuf zuri`)
	lastNames = strings.Fields(`abara bakker castel dorn eriks fontaine garza haddad ito jansen kowal lindt moreau nakata okoro petrov quist rossi
		santos tanaka ueda varga weiss yilmaz zeman almeida berg chen duarte engel fischer gomez hansen ibrahim jung keller lopez meyer novak olsen`)
	nouns = strings.Fields(`bagel bicycle bridge cat cello cloud comet fern fox garden harbor kettle lamp lantern maple moth otter owl pebble piano
		puzzle radio river sparrow teapot tram walnut anchor apron attic balloon barn basket beetle bench blanket boat bottle bowl broom bucket
		button cabin cactus camera candle canoe carpet carrot chair cherry chimney clock coat compass cookie crow cup curtain daisy desk door drum
		duck engine fence ferry flute forest fountain frog gate ghost glove goat guitar hammer hat hedge hill honey horse hut island jacket jar
		keyboard kite ladder lake leaf lemon letter lizard map market mirror mitten moon mountain mushroom needle nest notebook oak onion orchard
		oven paddle pan parcel parrot path peach pear pencil pepper pigeon pillow pine plum pond pot pumpkin quilt rabbit rake ring robin roof rope
		saddle sail scarf seed shed shell shoe shovel snail soap sock soup spade spider spoon squirrel stove swan table tent thread tiger toast
		tomato tower train trumpet tulip turtle umbrella valley vase violin wagon wall watch whale wheel whistle window wolf yarn zebra`)
	adjectives = strings.Fields(`amber brisk calm cosy curious dusty eager fuzzy gentle golden grumpy happy lazy lucky mellow odd quiet rusty shy
		silver sleepy soft sunny tiny wild windy awkward bitter bold bright broken bumpy cheap clean clever cold crooked damp dark dear dry dull
		empty fancy fast faint fierce flat fresh funny giant glad grand great green heavy hollow huge humble icy jolly keen kind large late light
		little lonely long loud lovely messy mild modern narrow neat new nice noisy old pale perfect plain polite proud pure rapid rare rough round
		sad salty sharp short silly simple slow small smart smooth sour spare steep strange strong stubborn sweet tall tame thick thin tidy tired
		tough warm weary wet wide wise wooden young`)
	verbs = strings.Fields(`paint fix find lose borrow carry clean draw drop feed film fold forget hide hold keep lend lift like love measure miss
		mix move name need open pack plant polish pull push read repair return save sell send share shake sketch sort spot steal stitch study throw
		trade try turn wash watch wear weigh wrap write`)
	topics = strings.Fields(`astronomy baking birds books cats chess climate coffee comics cycling dogs films football gardening hiking history
		knitting maps music opensource painting photography physics poetry politics running science skating tea theatre trains travel weather
		archery bees beer camping cars ceramics cheese choirs cooking dance design diving economics fashion fishing fonts fungi games geology`)
	places = []string{
		"the harbor", "the old town", "the library", "the station", "the north side", "the lake", "the market", "the museum",
		"my street", "the office", "the park", "the bus", "the kitchen", "the balcony", "the coast", "the valley", "the airport",
		"the bakery", "the beach", "the canal", "the castle", "the cellar", "the church", "the corner shop", "the courtyard",
		"the dentist", "the ferry", "the gym", "the hospital", "the hotel", "the island", "the mill", "the school", "the stadium",
		"the swamp", "the theatre", "the tower", "the tunnel", "the university", "the village",
	}
	times = []string{
		"this morning", "tonight", "yesterday", "last week", "at noon", "on Sunday", "all day", "before dawn", "after work",
		"this weekend", "every year", "right now", "in March", "on my way home", "for once", "two days ago", "since Friday",
		"over lunch", "by accident", "at last", "between meetings", "in the rain", "once again", "for the first time",
	}
	mailDomains = []string{"gmail.com", "gmail.com", "outlook.example", "mail.example", "post.example", "inbox.example", "uni.example"}
	hosts       = []string{"pds-1.big.example", "pds-2.big.example", "pds-3.big.example", "pds-4.big.example", "pds-5.big.example",
		"pds-6.big.example", "social.coop.example", "bsd.club.example"}
	sites = []string{"news.example", "video.example", "blog.example", "weather.example", "shop.example", "wiki.example", "code.example",
		"radio.example", "daily.example", "photos.example", "magazine.example", "journal.example", "sports.example", "recipes.example"}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_2) AppleWebKit/605.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101", "SocialApp/1.94 (iPhone; iOS 18.1)", "SocialApp/1.94 (Android 15)",
		"SocialApp/1.93 (iPhone; iOS 17.6)", "SocialApp/1.93 (Android 14)", "SocialApp/1.95 (Android 15)",
	}
)

// What ordinary people write.
var (
	clauses = []string{
		"{saw|found|met|missed} a {adj} {noun} {near|behind|opposite|outside} {place} {time}", "{anyone|somebody|anybody} else into {topic}? {I found|there is} a {adj} book",
		"{time} I {finally|almost|never} {verb} the {noun}", "my {noun} {is|was|looks|feels} so {adj} {time}", "{topic} is {better|harder|older|funnier} than {topic}",
		"{thinking|reading|arguing|dreaming} about {topic} {at|near|on the way to} {place}", "{coffee|tea|breakfast|sleep} first, {topic} later",
		"{name} {says|thinks|hopes|denies} that {topic} is over", "day {n} of learning {topic}", "{n} pages of {topic} to go {time}",
		"if you need me I am at {place} with a {noun}", "is it just me or is {place} {very|rather|strangely} {adj} {time}", "the {noun} {at|near|by} {place} is {gone|back|broken|open}",
		"I would {trade|swap|give} my {noun} for a {adj} {noun}", "{good morning|hello|greetings} from {place}", "we {lost|won} {n} to {n} but the {noun} was {adj}",
		"what a {adj} day for {topic}", "never {verb} a {noun} {time}", "who {needs|wants|likes} a {adj} {noun} anyway", "{name} and I {verb} {adj} {noun}s {time}",
		"someone {should|could|must} {verb} that {noun} {at|near} {place}", "the {adj} {noun} of {name} {made|ruined|saved} my {morning|evening|week}",
		"{n} {noun}s and not one {adj}", "you can {verb} it with a {noun}, {apparently|obviously|they say}", "I {tried|failed|forgot|managed} to {verb} the {adj} {noun}",
		"{rain|snow|sun|fog} over {place} {time}", "my {sister|brother|neighbour|boss} {keeps|hates|collects|paints} {adj} {noun}s", "{topic} {people|folks|nerds}, what about {noun}s?",
		"still {looking|waiting|searching} for a {noun} {near|from} {place}", "{bought|sold|built|baked} a {noun} {time}, it is {adj}",
		"there {is|was} a {noun} in my {noun} {time}", "{name} {sent|gave|showed} me a {adj} {noun}", "they {moved|painted|closed|opened} {place} {time}",
		"I {can|will|should} not {verb} without a {noun}", "the {noun} {smells|sounds|looks} {adj} {time}", "{unpopular|popular|old|new} opinion: {adj} {noun}s are {adj}",
		"{lost|left|forgot} my {noun} {at|in|near} {place}", "{note|reminder|promise} to self: {verb} the {noun}", "{every|no} {noun} {has|needs} its {noun}",
		"{topic} {class|club|night} at {place} {time}",
	}
	joints       = []string{". ", ", ", " and ", ", but ", ". Also, ", "; ", " — ", "! ", ", because ", ". Then "}
	ends         = []string{".", ".", "", "!", "…", "?", " :)", " 🙂", " 🌧", " ☕", "!!"}
	foreignPosts = []struct{ lang, text string }{
		{"de", "{Heute|Gestern|Eben} {am Hafen|im Park|am See|in der Bahn} {n} {Möwen|Enten|Hunde|Leute} gezählt. {Herrlich|Schlimm|Na ja}. Und {n} {Fahrräder|Autos}."},
		{"de", "Der {Zug|Bus|Chef} hat wieder {n} Minuten {Verspätung|geredet}. {Wer noch|Und ihr|Warum nur}? {name} {lacht|weint|wartet}."},
		{"es", "{Hoy|Ayer|Anoche} he {leído|escrito|perdido} {n} páginas de {poesía|historia|física}. {Genial|Qué pena}, {name}."},
		{"es", "¿Alguien más con {frío|calor|sueño} en la {estación|playa|oficina}? Llevo {n} minutos aquí con {name}."},
		{"pt", "{Bom dia|Boa noite|Boa tarde}! Já {corri|nadei|andei} {n} metros {hoje|ontem} com {name}."},
		{"ja", "{今日|昨日|今朝}は{本|漫画|詩}を{n}ページ{読みました|書きました}。"},
	}
	shortReplies = []string{
		"{Same|Me too|Agreed}!", "{This|That} is {adj}.", "So {adj}!", "No way.", "{Congratulations|Well done|Bravo}!", "{Hope|Wish} it gets better.", "Ha!", "{Source|Really|Why}?",
	}
	replies = []string{
		"{same here|me too|not here}, {time}", "where is that? {looks|sounds} like {place}", "ha, my {noun} does that too", "I {disagree|agree}, {topic} is {adj}",
		"thank you, {name} will {love|hate} this", "have you tried {topic}", "number {n} is {mine|wrong|my favourite}", "no way, {time}", "I only know the {adj} {noun} of {place}",
		"we did that {time} with a {noun}", "{please|never|always} {verb} your {noun}", "that {noun} is {adj}",
	}
	profiles  = []string{"{topic}, {topic} and one {adj} {noun}", "From {place}. Mostly {topic}.", "{adj} {noun}, {topic} {fan|nerd|person}, opinions mine", "I {verb} {noun}s. {topic}."}
	headlines = []string{
		"{How|Why} {name} {came to|learned to|refused to} {verb} a {adj} {noun} at {place}", "{n} {adj} ways to {verb} a {noun}, by {name}",
		"{Report|Study|Survey}: {topic} and {topic} are {closer|further} than {n} {noun}s", "The {adj} {noun} of {place}: {topic} {explained|remembered|reviewed}",
		"{name} on {topic}: a {noun} is {never|always} {adj} {time}",
	}
)
