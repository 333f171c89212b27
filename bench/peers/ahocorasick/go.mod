module github.com/ringfence/ringfence/bench/peers/ahocorasick

go 1.26.0

replace github.com/ringfence/ringfence => ../../..

require (
	github.com/coregx/ahocorasick v0.2.1
	github.com/ringfence/ringfence v0.0.0-00010101000000-000000000000
)

require (
	github.com/goccy/go-yaml v1.19.2 // indirect
	golang.org/x/text v0.43.0 // indirect
)
