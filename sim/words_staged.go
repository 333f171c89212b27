package sim

// What campaigns and look-alikes say, in the form of spin.
var (
	pushLines = []string{
		"{This|It} is what {they|officials|the papers} {will not tell|hide from|never show} you {about|on} {the harbor deal|the vote|the new law|the clinic}",
		"{Read|See|Watch} {this|it} before {it is gone|they delete it|it is too late}: {the truth|the facts|what happened} about the {bridge|budget|mayor|school}",
		"{Everyone|Everybody|The whole town} is {talking|speaking} about {this|it}, {share|pass it on|spread it} {now|today}",
		"{Finally|At last} {proof|evidence} that the {election|report|study|contract} was {bought|rigged|faked}",
		"{Enough|We have had enough}! {Share|Repost} if you {agree|think so too} that {they|the council|the ministers} must {go|resign}",
	}
	cheerLines = []string{
		"{So true|Exactly|Finally someone says it}, {everyone|all of you} should {read|see} this", "{I knew it|Just as I thought}. {Share|Spread} this {everywhere|now}",
		"{Thank you|Thanks} for {posting|showing} {this|it}, {the media|they} {never|will not} do",
	}
	spamLines = []string{
		"🔥 {name} made ${n} {time} from home! {Free|Instant|Easy} sign-up, only {n} {places|spots} {left|open} 👉",
		"I could not believe it until I tried: {adj} {noun} crypto {bonus|reward|gift}, code {code}, ends {time}",
		"Your friend {name} sent you a {adj} {gift|present|surprise}. {Claim|Get|Open} it {time}, ref {code}",
		"{Lose|Drop} {n} {pounds|kilos} in {n} days with this {weird|simple|one} {trick|tea|pill}, doctors {hate|fear} it",
		"{Cheap|Discount|Original} {meds|pills|watches} {no prescription|free shipping|half price} {time} only, order {code}",
	}
	messages = []struct{ en, de, es string }{
		{
			"{The|Our} {council|mayor|government} {wants|plans|intends} to {sell|close|privatise} our {clinic|hospital|health centre}. {Do not|Never} {let|allow} {them|it}, {write|speak|call} {now|today}",
			"{Der Rat|Die Bürgermeisterin|Die Regierung} {will|plant} unsere {Klinik|Praxis} {verkaufen|schließen}. {Lasst das nicht zu|Wehrt euch}, {schreibt|ruft an} {jetzt|heute}",
			"{El consejo|La alcaldesa|El gobierno} {quiere|planea} {vender|cerrar} nuestra {clínica|sanidad}. {No lo permitas|Protesta}, {escribe|llama} {ahora|hoy}",
		},
		{
			"{Foreign|Outside} {workers|people} {get|receive} {flats|houses|homes} while {our|local} {families|parents} {wait|queue} for {years|ages}. {Is this fair|Does that seem right|Think about it}?",
			"{Fremde|Auswärtige} {bekommen|erhalten} {Wohnungen|Häuser}, während {unsere|hiesige} {Familien|Eltern} {jahrelang|ewig} {warten|anstehen}. {Ist das gerecht|Denkt nach}?",
			"{Extranjeros|Forasteros} {reciben|obtienen} {pisos|casas} mientras {nuestras|las} {familias|madres} {esperan|hacen cola} {años|siglos}. ¿{Es justo|Te parece bien}?",
		},
		{
			"{Scientists|Experts|Researchers} {admit|confess|concede} the {new|latest} {vaccine|medicine|treatment} was {never|not} {tested|checked}. {Ask|Tell} your {doctor|neighbours|family} {why|about it}",
			"{Forscher|Fachleute} {geben zu|räumen ein}: {der neue|der letzte} {Impfstoff|Wirkstoff} wurde {nie|nicht} {geprüft|getestet}. {Fragt|Sagt es} {eure Ärzte|der Familie}",
			"{Científicos|Expertos} {admiten|confiesan} que la {nueva|última} {vacuna|medicina} {nunca|no} fue {probada|revisada}. {Pregunta|Cuenta} a tu {médico|familia}",
		},
		{
			"{Buy|Get|Grab} {HarborCoin|this coin} {before|until} {Friday|the weekend}, {insiders|experts|people who know} {expect|predict|see} {ten times|huge|massive} {gains|profit|returns}",
			"{Kauft|Holt euch} {HarborCoin|diese Münze} vor {Freitag|dem Wochenende}, {Kenner|Insider} {erwarten|sehen} {zehnfache|riesige} {Gewinne|Erträge}",
			"{Compra|Consigue} {HarborCoin|esta moneda} antes del {viernes|fin de semana}, los {expertos|enterados} {esperan|ven} {enormes|grandes} {ganancias|beneficios}",
		},
	}
	abuse = []string{
		"nobody {asked|wants} you, {leave|go away}", "{delete|close} your account {already|now}", "{everyone|everybody} knows you {made it up|are lying}", "you should be ashamed, {leave|quit}",
		"stop lying about {topic}", "we are all {laughing at|tired of} you", "{go away|get lost}, {name} was right about you", "how are you still {here|posting}", "quit, nobody {wants|needs} you here",
		"{pathetic|disgusting|embarrassing}, like all your {posts|lies}", "we know where you {live|work}, {liar|clown}",
	}
	victimPost = "I wrote about {topic} at {place}. It took {n} days and a {adj} {noun}, be kind."
	trendLines = []string{
		"{The people|We|All of us} {stand|march|speak} {together|as one} {time}", "{Trending|Number one} {time}, {keep going|more posts}!", "{Make|Get} it {trend|first} {now|today}, {adj} {noun}s",
	}
	trainLines   = []string{"🚂 follow train! follow everyone who {likes|reposts} this, I follow back {n}%", "follow back party {time} 🚂 drop your handle", "gain {n} followers {time}, follow all who repost 🚂"}
	newsDefault  = "Breaking: agreement on the harbor bridge reached after 40 days of talks"
	deskLines    = []string{"{name} reports on {topic} from {place}", "New {time}: the {adj} story behind {topic}", "Opinion: why {topic} matters at {place}", "In pictures: {place} {time}", "{n} things to know about {topic} {time}"}
	giveawayAsk  = "GIVEAWAY 🎁 win a {adj} {noun}! Follow me, repost and reply DONE. Ends {time}."
	giveawayYes  = "{DONE|done!|Done, fingers crossed 🤞|DONE, good luck all|done and followed}"
	studentLines = []string{"first day on campus, {place} is {huge|full|so far away} {time}", "anyone else in {topic} 101 {time}? {adj} {noun}s everywhere", "dorm wifi works, hello from {place}, {n} boxes to go", "met a {adj} {noun} on campus {time}, {name} was there"}
	actionLine   = "{Tonight|This evening} we {ask|tell} the {council|mayor} to {save|keep} the {harbor park|old trees}. {Join in|Write to them|Share} between six and seven"
	charityLine  = "Help us to feed {n} families this winter: follow, share and give what you can"
	classLine    = "My {notes|summary|thoughts} for the course: {framing|agenda setting|gatekeeping} {explains|describes} how {papers|news} {choose|pick} what we {see|read} about {topic}"
	petitionText = "I just signed the petition to keep the night trains running. Will you join me? Every signature counts!"
	macros       = []string{
		"Hi, we are sorry to hear that! Please send us a direct message with your order number so that we can look into it.",
		"Thanks for reaching out. Our team is working on it and service should be back within 24 hours.",
		"We understand your frustration. Please restart the app and check that you have the latest version installed.",
	}
	alertLine = "EMERGENCY ALERT: storm flood warning for the coast until midnight. Move to higher ground and follow instructions. Level {n}"
	botLines  = []string{"I am a bot. Weather for {place}: {n} degrees, {adj}, wind {n}.", "Translated by a bot: the {adj} {noun} of {place} ({topic})", "Bot: word of the hour is {noun}, as in a {adj} {noun}."}
)

// What the sleepers of the incident say.
const (
	sleeperFiller = "gm 🌸"
	sleeperLine   = "unbelievable, look what they found"
)
