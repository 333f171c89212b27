package main

import (
	_ "github.com/coregx/ahocorasick"
)

func main() {}
