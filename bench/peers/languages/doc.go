// Package languages compares text/lang with other Go libraries that name the language of a text: whatlanggo, and lingua in its low
// accuracy mode, which is the faster one. It is a test only, in a module of its own, so that nobody else downloads them:
//
//	cd bench/peers/languages && RINGFENCE_SHARED=… go test -v .
package languages
