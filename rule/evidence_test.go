package rule

import "testing"

func TestEvidence(t *testing.T) {
	for want, f := range map[string]Found{
		"m1 shows 0000000000000000… of gore: features, 41 agree, at 120,40-320,200, of it 0,0-480,300": {Surface: "m1", Entry: "00000000000000001", Bank: "gore",
			Method: "features", Inliers: 41, Box: [4]int{120, 40, 320, 200}, Known: [4]int{0, 0, 480, 300}},
		"12.0s shows abc of gore: sha256":                             {Surface: "12.0s", Entry: "abc", Bank: "gore", Method: "sha256"},
		"m1 shows abc of gore: pdq-rotated, 12 bits away, at 0,0-9,9": {Surface: "m1", Entry: "abc", Bank: "gore", Method: "pdq-rotated", Distance: 12, Box: [4]int{0, 0, 9, 9}},
	} {
		if got := f.Evidence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
