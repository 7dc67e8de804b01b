package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `help:"Print one object, for programs."`
}

func (cmd versionCmd) Run(c console) error {
	v := build()
	if cmd.JSON {
		return c.printJSON(v)
	}
	_, err := fmt.Fprintf(c.Out, "tocsin %s (protocol %s, %s)\n", v.Version, v.Protocol, v.Go)
	return err
}

// buildInfo says what runs.
type buildInfo struct {
	Version  string `json:"version"`
	Protocol string `json:"protocol"`
	Go       string `json:"go"`
}

// stamped is the version that a build outside of a repository gives:
// -ldflags "-X main.stamped=v1.2.3" (see the Dockerfile).
var stamped string

// build reads the version that the Go tool has put into the binary: the one stamped,
// the module's, else the commit it was built from.
func build() buildInfo {
	v := buildInfo{Version: cmp.Or(stamped, "devel"), Protocol: "tocsin.v1", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok || stamped != "" {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	if v.Version == "(devel)" {
		v.Version = commit(info.Settings)
	}
	return v
}

func commit(settings []debug.BuildSetting) string {
	revision, changed := "devel", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return revision + changed
}
