package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEdgesEqualThoseOfTheTools compares with tables that CooRTweet and the coordination-network-toolkit made, byte for byte.
func TestEdgesEqualThoseOfTheTools(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED names no folder of shared data")
	}
	dir := filepath.Join(shared, "data/network")
	russian := filepath.Join(dir, "cooRTweet/russian_coord_tweets.csv.gz")
	german := filepath.Join(dir, "cooRTweet/german_elections.csv.gz")
	posts := " --account account_id --content post_id --time timestamp --in " + german
	for want, args := range map[string]string{
		"cooRTweet/expected/russian_w60_p2_sub0.edges.csv":                    "--preset coortweet --window 60s --in " + russian,
		"cooRTweet/expected/russian_w60_p2_ew0.5_sub1.edges.csv":              "--preset coortweet --window 60s --subgraph --in " + russian,
		"cooRTweet/expected/russian_w10_p5_sub0.edges.csv":                    "--preset coortweet --window 10s --min-participation 5 --in " + russian,
		"cooRTweet/expected/german_url30_img30_sub0.edges.csv":                "--preset coortweet --window 30s --distinct --object url_id=url_ --object phash_id=hash_" + posts,
		"cooRTweet/expected/german_url30_img30_ew0.5_sub1.edges.csv":          "--preset coortweet --window 30s --distinct --subgraph --object url_id=url_ --object phash_id=hash_" + posts,
		"cooRTweet/expected/german_all4_w30_sub0.edges.csv":                   "--preset coortweet --window 30s --distinct --object url_id=url_ --object domain_id=url_ --object hashtag_id=hashtag_ --object phash_id=hash_" + posts,
		"cooRTweet/expected/german_url_w30_ew0.25_sub1.edges.csv":             "--preset coortweet --window 30s --distinct --edge-weight 0.25 --subgraph --object url_id=url_" + posts,
		"cooRTweet/expected/german_domain_w30_ew0.25_sub1.edges.csv":          "--preset coortweet --window 30s --distinct --edge-weight 0.25 --subgraph --object domain_id=url_" + posts,
		"cooRTweet/expected/german_hashtag_w30_ew0.25_sub1.edges.csv":         "--preset coortweet --window 30s --distinct --edge-weight 0.25 --subgraph --object hashtag_id=hashtag_" + posts,
		"cooRTweet/expected/german_image_w30_ew0.25_sub1.edges.csv":           "--preset coortweet --window 30s --distinct --edge-weight 0.25 --subgraph --object phash_id=hash_" + posts,
		"coordination-network-toolkit/expected/russian_co_retweet_w60_m1.csv": "--preset toolkit --window 60s --min-weight 1 --object object_id --account account_id --content content_id --time timestamp_share --in " + russian,
		"coordination-network-toolkit/expected/russian_co_retweet_w60_m2.csv": "--preset toolkit --window 60s --min-weight 2 --object object_id --account account_id --content content_id --time timestamp_share --in " + russian,
		"coordination-network-toolkit/expected/german_url_co_link_w30_m1.csv": "--preset toolkit --behaviour co_link --window 30s --min-weight 1 --object url_id" + posts,
	} {
		expected, err := os.ReadFile(filepath.Join(dir, want))
		if err != nil {
			t.Fatal(err)
		}
		if got := output(t, "groups edges "+args); !bytes.Equal(got, expected) {
			t.Errorf("%s: %d bytes, and they differ from the tool's %d", want, len(got), len(expected))
		}
	}
}

// output runs a command line and returns what it writes to standard output.
func output(t *testing.T, line string) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stdout := os.Stdout
	os.Stdout = f
	defer func() { os.Stdout = stdout }()
	if code := run(strings.Fields(line)); code != 0 {
		t.Fatalf("%s: exit code %d", line, code)
	}
	out, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return out
}
