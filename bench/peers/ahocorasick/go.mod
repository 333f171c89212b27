module github.com/ringfence/ringfence/bench/peers/ahocorasick

go 1.26.0

replace github.com/ringfence/ringfence => ../../..

require (
	github.com/coregx/ahocorasick v0.2.1 // indirect
	github.com/petar-dambovaliev/aho-corasick v0.0.0-20250424160509-463d218d4745 // indirect
)
