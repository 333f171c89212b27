package link

import "strings"

// The tables of this file are facts about the services named in them, put together by hand from their documentation for this
// project; no list of others was copied.

// tracking are query parameters that say how a reader came to a page, never which page it is, by who sets them.
var tracking = set(
	"_ga _gac _gl gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid", // Google Analytics and Ads
	"fbclid fb_action_ids fb_action_types fb_source fb_ref mibextid",                  // Facebook
	"igshid igsh ig_rid",               // Instagram
	"msclkid",                          // Microsoft Advertising
	"twclid ref_src ref_url",           // X
	"ttclid tt_medium tt_content",      // TikTok
	"li_fat_id trk trkinfo trackingid", // LinkedIn
	"yclid ysclid _openstat",           // Yandex
	"mc_cid mc_eid",                    // Mailchimp
	"mkt_tok",                          // Marketo
	"_hsenc _hsmi __hssc __hstc __hsfp hsctatracking", // HubSpot
	"vero_id vero_conv",      // Vero
	"oly_enc_id oly_anon_id", // Omeda
	"s_cid s_kwcid ef_id",    // Adobe
	"irclickid irgwc",        // Impact
	"epik",                   // Pinterest
	"sccid",                  // Snapchat
	"rdt_cid",                // Reddit
	"wickedid",               // Wicked Reports
	"cmpid ncid xtor",        // campaign numbers of news sites
	"spm scm",                // Alibaba
	"guccounter guce_referrer guce_referrer_sig", // Yahoo
)

// trackingPrefixes begin the names of whole families of such parameters.
var trackingPrefixes = []string{
	"utm_",  // Google Analytics, and everybody since
	"mtm_",  // Matomo
	"pk_",   // Matomo, formerly Piwik
	"hsa_",  // HubSpot Ads
	"at_",   // AT Internet
	"stm_",  // Sensors
	"__cft", // Facebook
	"__tn_", // Facebook
}

// trackingAt are parameters that track on one domain and may mean something elsewhere.
var trackingAt = map[string]map[string]bool{
	"twitter.com":   set("s t cn cxt"),
	"x.com":         set("s t cn cxt"),
	"youtube.com":   set("si feature pp ab_channel"),
	"youtu.be":      set("si feature"),
	"spotify.com":   set("si dlsi nd"),
	"instagram.com": set("hl"),
	"facebook.com":  set("refsrc rdid share_url hc_ref paipv eav"),
	"tiktok.com":    set("_r _t is_from_webapp sender_device is_copy_url share_app_id share_item_id sec_user_id web_id"),
	"reddit.com":    set("share_id ref ref_source rdt"),
	"linkedin.com":  set("lipi licu rcm"),
	"amazon.com":    set("ref ref_ pf_rd_p pf_rd_r pd_rd_w pd_rd_r pd_rd_wg tag linkcode linkid ascsubtag qid sr crid sprefix"),
	"ebay.com":      set("_trkparms _trksid mkcid mkrid mkevt campid toolid customid"),
	"medium.com":    set("source sk"),
	"substack.com":  set("r showwelcome triedredirect isfreemail"),
}

// shorteners are hosts whose links lead elsewhere, by who runs them. A branded domain of theirs cannot be told from any other.
var shorteners = set(
	"bit.ly bitly.com j.mp amp.gs",          // Bitly
	"tinyurl.com tiny.cc tiny.one tiny.pl",  // TinyURL and others of that name
	"t.co",                                  // X
	"t.ly",                                  // T.LY
	"goo.gl maps.app.goo.gl g.co forms.gle", // Google
	"is.gd v.gd",                            // Memset
	"ow.ly owl.ly ht.ly",                    // Hootsuite
	"buff.ly",                               // Buffer
	"dlvr.it",                               // dlvr.it
	"ift.tt",                                // IFTTT
	"fb.me fb.watch m.me",                   // Facebook
	"lnkd.in",                               // LinkedIn
	"youtu.be",                              // YouTube
	"redd.it",                               // Reddit
	"amzn.to amzn.eu a.co amzn.asia",        // Amazon
	"ebay.us",                               // eBay
	"pin.it",                                // Pinterest
	"vm.tiktok.com vt.tiktok.com",           // TikTok
	"spoti.fi spotify.link",                 // Spotify
	"apple.co",                              // Apple
	"msft.it aka.ms 1drv.ms",                // Microsoft
	"wp.me",                                 // WordPress
	"tmblr.co",                              // Tumblr
	"flic.kr",                               // Flickr
	"trib.al",                               // SocialFlow
	"shorturl.at shorturl.asia",             // ShortURL
	"rb.gy rebrand.ly",                      // Rebrandly
	"cutt.ly",                               // Cuttly
	"bl.ink",                                // BL.INK
	"s.id",                                  // s.id
	"clck.ru",                               // Yandex
	"vk.cc",                                 // VK
	"goo.su",                                // goo.su
	"u.to",                                  // uCoz
	"qr.ae",                                 // Quora
	"adf.ly",                                // AdFly
	"ouo.io shorte.st linkvertise.com",      // paid redirects
	"snip.ly sniply.io",                     // Sniply
	"short.io short.gy",                     // Short.io
	"soo.gd",                                // soo.gd
	"bc.vc",                                 // bc.vc
	"x.gd",                                  // X.gd
	"kutt.it kutt.to",                       // Kutt
	"lihi.cc lihi1.cc reurl.cc",             // Taiwan
	"dwz.cn t.cn url.cn suo.im",             // China
	"me2.do naver.me han.gl",                // Korea
	"bitly.ws bit.do",                       // not of Bitly
	"trib.in shorturl.com urlz.fr urlshort.dev gg.gg", // others
	"linktr.ee",                     // Linktree, a page of links
	"page.link app.link onelink.me", // deep links, on subdomains
)

// words are top-level domains that are also words, or endings of file names: after a dot that nobody put a space behind, they begin
// a sentence far more often than they end a host. A host under one needs a scheme, a "www." or a path.
var words = set(
	"ad ae ag am ar as at az ba be bi bo by ca cc ci co do es et fm ga go gs hm hr ht id ie il im in io is it je la le li lo ly ma",
	"md me mn mo ms mt mu my na ne no nu om pa pe ph pm pn pr ps py rs sa se sh si sk sm so su ta tc td tf to tv ua uk un us va vi wf ws",
	"zip mov app bar best bet bike bio blog boo book box buy buzz cab call camp car care cash cat chat city click cloud cool day date",
	"dog fan farm fast fit fun fund gay gift give go gold golf got guru guy here home horse hot house how ink land law life like link live",
	"lol love man market meet meme mobi mom money movie my name navy new news now off one open page pay pet phone pics pink play plus",
	"poker post pub red rest rich rip run sad safe sale save school sea search secure security select sex sexy shoes shop show",
	"site ski soccer social solar space spot star study sucks support talk tax team tech tips today top total town toys trade",
	"training tube vote voting wang watch weather win wine winners work works world wow wtf you zero zone",
)

// set is the set of words in lists.
func set(lists ...string) map[string]bool {
	s := map[string]bool{}
	for _, list := range lists {
		for word := range strings.FieldsSeq(list) {
			s[word] = true
		}
	}
	return s
}
