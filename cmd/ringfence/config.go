package main

import (
	"fmt"

	"github.com/ringfence/ringfence/internal/config"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Check a configuration file; every mistake is named by line and field."`
}

type configCheckCmd struct {
	File string `arg:"" type:"path" help:"The configuration file."`
}

func (configCheckCmd) Help() string {
	return `Example:

	ringfence config check ringfence.yaml`
}

func (c configCheckCmd) Run() error {
	if _, err := config.Load(c.File); err != nil {
		return err
	}
	fmt.Printf("%s: ok\n", c.File)
	return nil
}
