// Package config is Ringfence's configuration: one YAML file, read strictly. A key that is unknown, a value that is out of range
// or a unit that is missing stops the program with file, line, column and the field's name.
//
// [Config] lists every field with its description, from which docs/configuration.md is made; [Defaults] holds every default. The
// package reads no environment and no secret on its own: a configuration names where a secret is, and [Webhook.Secret] fetches it.
package config

import (
	"fmt"
	"net/netip"
	"os"
	"time"
)

// Config is the whole configuration.
type Config struct {
	DataDir   string    `yaml:"data_dir" doc:"Directory of the embedded stores: journal, state, records. It is made if it is not there."`
	Listen    string    `yaml:"listen" doc:"Address that the API and the console listen on, host:port."`
	Rules     Rules     `yaml:"rules" doc:"The rule sets."`
	Ingest    Ingest    `yaml:"ingest" doc:"What is taken from sources."`
	Decide    Decide    `yaml:"decide" doc:"The decision loop."`
	Image     Image     `yaml:"image" doc:"The stored image of the hot state, from which a restart goes on."`
	Discovery Discovery `yaml:"discovery" doc:"The search for terms that no bank lists."`
	Archive   Archive   `yaml:"archive" doc:"The journal's older part, in Parquet segments."`
	Sources   Sources   `yaml:"sources" doc:"Where events are fetched from, beside what is sent to the API."`
	Media     Media     `yaml:"media" doc:"Pictures of events that name them by address and bring no hash."`
	Webhooks  []Webhook `yaml:"webhooks" doc:"Receivers of effects: the platform, and the channels of notifications."`
	Log       Log       `yaml:"log" doc:"The program's own log, on standard error."`
}

// Rules is where the rules come from.
type Rules struct {
	Dir string `yaml:"dir" doc:"Directory of rule files. Empty means the rule sets that come with the program."`
}

// Ingest bounds what is taken from sources.
type Ingest struct {
	MaxEvent  Size     `yaml:"max_event" doc:"Largest event, in its native form. A larger one is refused and goes to the dead-letter list."`
	MaxBatch  int      `yaml:"max_batch" doc:"Most events in one request."`
	MaxBody   Size     `yaml:"max_body" doc:"Largest request body, unpacked."`
	Quota     Quota    `yaml:"quota" doc:"How much one source may send. Above it a request is answered 429 with the time to wait."`
	IdleTick  Duration `yaml:"idle_tick" doc:"When nothing came for this long, the event clock moves to the time of day, so that windows end and labels expire also in quiet hours. 0s moves it by events alone, as replaying history through the API needs. It waits while the Jetstream has older events to bring."`
	ClockSkew Duration `yaml:"clock_skew" doc:"How far ahead of the time of arrival an event may be. One further ahead is refused."`
}

// Quota is a token bucket for each source.
type Quota struct {
	EventsPerSecond int `yaml:"events_per_second" doc:"Sustained rate of one source."`
	Burst           int `yaml:"burst" doc:"Events that a source may send at once after a pause."`
}

// Decide is the settings of the decision loop.
type Decide struct {
	Lateness       Duration `yaml:"lateness" doc:"How far behind the event clock an event still enters windows. A later one is decided as late and changes no window."`
	Memory         Size     `yaml:"memory" doc:"Budget of windows, tables and families of texts, which take a quarter at most, by the stated cost of their entries. Above it the longest unused go first."`
	DedupeHorizon  Duration `yaml:"dedupe_horizon" doc:"How long an event's id is remembered. An event older than this is refused."`
	DedupeIDs      int      `yaml:"dedupe_ids" doc:"Most ids that are remembered, whatever their age."`
	Deadline       Duration `yaml:"deadline" doc:"How long a synchronous call waits for its verdict before it is answered as undecided."`
	DefaultVerdict string   `yaml:"default_verdict" doc:"Verdict that goes with an undecided answer: allow, review, inform, friction, limit, lock, suspend or remove."`
}

// Image is the settings of the state's image.
type Image struct {
	Every Duration `yaml:"every" doc:"Time between two images. A restart replays at most this much."`
}

// Discovery is the settings of discovery.
type Discovery struct {
	Every      Duration `yaml:"every" doc:"Time between two runs. 0s runs only when somebody asks for it."`
	Window     Duration `yaml:"window" doc:"How far back a run reads, by the time of arrival; but no more than the last 4,000,000 records."`
	Labels     []string `yaml:"labels" doc:"Labels whose bearers are suspect. Posts with a term of a bad bank are suspect in any case."`
	Candidates int      `yaml:"candidates" doc:"Most terms that a run proposes."`
}

// Archive is the settings of the archive.
type Archive struct {
	Dir              string   `yaml:"dir" doc:"Directory of the segments. Empty means archive in data_dir."`
	SegmentSize      Size     `yaml:"segment_size" doc:"A segment is closed when it holds this much of the journal."`
	SegmentAge       Duration `yaml:"segment_age" doc:"A segment is closed at the latest when its first record is this old."`
	JournalRetention Duration `yaml:"journal_retention" doc:"How long records, and the decisions on them, stay in the store after they were archived. At least decide.dedupe_horizon and ingest.clock_skew together, so that an event that comes again finds its decision."`
}

// Sources is what is fetched.
type Sources struct {
	Jetstream Jetstream `yaml:"jetstream" doc:"Bluesky's public stream."`
}

// Media is what is done about pictures that are not hashed yet.
type Media struct {
	Fetch        bool           `yaml:"fetch" doc:"Fetch and hash them while a rule reads of pictures. Decisions on the event itself do not wait for it; what is found out is decided on when it is there."`
	AllowPrivate []netip.Prefix `yaml:"allow_private" doc:"Private address ranges that pictures may be fetched from, in CIDR form. Others are refused."`
	Keep         Keep           `yaml:"keep" doc:"What is kept of pictures that a bank knows, for people to look at."`
	Scorers      []Scorer       `yaml:"scorers" doc:"Models that score pictures, for rules that read media.score()."`
}

// Keep says what is kept of pictures that offend policies. Of several policies the one that keeps least counts.
type Keep struct {
	Default   string       `yaml:"default" doc:"nothing, preview (blurred, grey and small) or original, which has a preview, too."`
	Policies  []KeepPolicy `yaml:"policies" doc:"Policies of which something else is kept."`
	Never     []string     `yaml:"never" doc:"Policies of whose pictures nothing is kept or shown, whatever else is said. Change it only after your lawyers have."`
	Retention Duration     `yaml:"retention" doc:"How long a picture is kept after it was last seen."`
	Quota     Size         `yaml:"quota" doc:"Most bytes that are kept. Above it the longest unseen go first, as they do above 100,000 pictures."`
}

// KeepPolicy is what is kept of the pictures of one policy.
type KeepPolicy struct {
	Policy string `yaml:"policy" doc:"The policy, as banks and models name it."`
	Keep   string `yaml:"keep" doc:"nothing, preview or original."`
}

// Scorer is a model behind an HTTP server.
type Scorer struct {
	Name         string         `yaml:"name" doc:"Its name, which is stored with each score: letters, digits, - and _."`
	URL          string         `yaml:"url" doc:"Address that small copies of pictures are posted to."`
	Policies     []string       `yaml:"policies" doc:"Policies that it scores: a-z, 0-9 and -. It is asked while a rule reads of one of them."`
	TokenEnv     string         `yaml:"token_env" doc:"Environment variable with a bearer token for the server. Empty means none."`
	Timeout      Duration       `yaml:"timeout" doc:"Time for one request. Left out it is 5s."`
	Batch        int            `yaml:"batch" doc:"Most pictures in one request. Left out it is 16."`
	AllowPrivate []netip.Prefix `yaml:"allow_private" doc:"Private address ranges that the server may be in, in CIDR form. Others are refused."`
}

// Jetstream is a Jetstream endpoint.
type Jetstream struct {
	URL          string         `yaml:"url" doc:"Address of the endpoint, ws:// or wss://. Empty means none."`
	AllowPrivate []netip.Prefix `yaml:"allow_private" doc:"Private address ranges that the endpoint may be in, in CIDR form."`
}

// Webhook is a receiver of effects.
type Webhook struct {
	Name         string         `yaml:"name" doc:"platform for the receiver of everything that is done to accounts and content, or the name of a channel that rules notify: letters, digits, - and _."`
	URL          string         `yaml:"url" doc:"Address that effects are posted to."`
	SecretEnv    string         `yaml:"secret_env" doc:"Environment variable with the key that deliveries are signed with. Give this or secret_file."`
	SecretFile   string         `yaml:"secret_file" doc:"File with the key that deliveries are signed with."`
	Kinds        []string       `yaml:"kinds" doc:"Kinds of effect that it takes: label, unlabel, review, enforce, undo, notify. The others are recorded only."`
	AllowPrivate []netip.Prefix `yaml:"allow_private" doc:"Private address ranges that the receiver may be in, in CIDR form. Others are refused, so that an address cannot be used to reach the inside of a network."`
}

// Log is the settings of the log.
type Log struct {
	Level  string `yaml:"level" doc:"Least severe level that is written: debug, info, warn or error."`
	Format string `yaml:"format" doc:"text or json."`
}

// Defaults is the configuration of an empty file.
func Defaults() Config {
	return Config{
		DataDir: "ringfence-data",
		Listen:  "127.0.0.1:8080",
		Ingest: Ingest{
			MaxEvent: 1 << 20, MaxBatch: 10_000, MaxBody: 64 << 20,
			Quota:     Quota{EventsPerSecond: 20_000, Burst: 40_000},
			IdleTick:  Duration(time.Second),
			ClockSkew: Duration(5 * time.Minute),
		},
		Decide: Decide{
			Lateness:      Duration(2 * time.Minute),
			Memory:        2 << 30,
			DedupeHorizon: Duration(24 * time.Hour), DedupeIDs: 50_000_000,
			Deadline: Duration(50 * time.Millisecond), DefaultVerdict: "allow",
		},
		Image: Image{Every: Duration(10 * time.Second)},
		Media: Media{Keep: Keep{
			Default: "preview", Never: []string{"child-safety", "child-sexual-abuse", "csae", "csam", "csea"},
			Retention: Duration(30 * 24 * time.Hour), Quota: 1 << 30,
		}},
		Discovery: Discovery{Every: Duration(time.Hour), Window: Duration(24 * time.Hour), Candidates: 200},
		Archive: Archive{
			SegmentSize: 128 << 20, SegmentAge: Duration(time.Hour), JournalRetention: Duration(48 * time.Hour),
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// maxFile bounds a configuration file and a secret file, in bytes.
const maxFile = 1 << 16

// Load reads, checks and completes a configuration file. The error joins everything that is wrong with it, each an [*Error], in
// the order of the file.
func Load(path string) (Config, error) {
	data, err := readSmall(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, data)
}

// readSmall reads a file of at most maxFile bytes.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}
