module github.com/ringfence/ringfence/text/match/gen/native

go 1.26.0

replace github.com/ringfence/ringfence => ../../../..

require (
	github.com/ikawaha/kagome-dict v1.1.7
	github.com/ikawaha/kagome-dict-ko v0.2.1
	github.com/ikawaha/kagome-dict/ipa v1.2.6
	github.com/ringfence/ringfence v0.0.0-00010101000000-000000000000
	golang.org/x/text v0.43.0
)
