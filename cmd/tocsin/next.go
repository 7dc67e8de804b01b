package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// whatNext is what dev mode prints once the hub is up: commands that work as
// they stand in a second terminal, in the same folder.
func (cmd *serveCmd) whatNext(program string) string {
	dev := cmd.devMode()
	var b strings.Builder
	fmt.Fprintf(&b, "\nTocsin is up, in dev mode: for this machine only, and never for patients.\n\n")
	fmt.Fprintf(&b, "  portal   http%s://%s         what patients see (a video visit: /call)\n", cmd.tls(), cmd.Listen)
	fmt.Fprintf(&b, "  console  http%s://%s         where staff write, sign and approve\n", cmd.tls(), cmd.DeskListen)
	fmt.Fprintf(&b, "  clients  ws%s://%s/v1/connect\n", cmd.tls(), cmd.Listen)
	fmt.Fprintf(&b, "  admin    http://%s/metrics\n", cmd.AdminListen)
	fmt.Fprintf(&b, "\nOpen both pages. The console asks for a key: one person sends, with\n\n  %s\n\n"+
		"and a second one approves, in another browser profile or window, with\n\n  %s\n\n"+
		"(Where the file dialog hides .tocsin, paste the path into it.)\n",
		absolute(dev.path(devPublisher)), absolute(dev.path(devApprover)))
	fmt.Fprintf(&b, "\nWhat to type next instead. In a second terminal, see what patients see:\n\n")
	fmt.Fprintf(&b, "  %s tail%s\n", program, cmd.clientFlags())
	fmt.Fprintf(&b, "\nIn a third one, publish, and approve as a second person:\n\n")
	fmt.Fprintf(&b, "  %s publish --headline \"Video visits are down\" --instruction \"Please call 555-0100.\" \\\n", program)
	fmt.Fprintf(&b, "      --expires 2h --key %s%s\n", dev.path(devPublisher), cmd.deskFlags())
	fmt.Fprintf(&b, "  %s approve ID --key %s%s      (publish prints this line with the ID)\n",
		program, dev.path(devApprover), cmd.deskFlags())
	fmt.Fprintf(&b, "\nA token for a patient of the clinic \"north\":\n\n")
	fmt.Fprintf(&b, "  curl 'http%s://%s/dev/token?sub=pat-1&tenant=north'\n\n", cmd.tls(), cmd.Listen)
	return b.String()
}

// absolute is the path from the root, which a file dialog takes.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// deskFlags and clientFlags are what a command needs to reach a hub that is not
// at the usual addresses.
func (cmd *serveCmd) deskFlags() string {
	return deskFlags{Desk: "http" + cmd.tls() + "://" + cmd.DeskListen}.asTyped()
}

func (cmd *serveCmd) clientFlags() string {
	flags := ""
	if url := "ws" + cmd.tls() + "://" + cmd.Listen; url != "ws://127.0.0.1:8080" {
		flags += " --url " + url
	}
	if cmd.Data != ".tocsin" {
		flags += " --trust " + cmd.devMode().path(devTrust)
	}
	return flags
}

// tls is what TLS adds to the name of a scheme.
func (cmd *serveCmd) tls() string {
	if cmd.TLSCert == "" {
		return ""
	}
	return "s"
}

// programName is how the program was called, if that works again as it stands:
// "tocsin" from the PATH, "bin/tocsin" from here.
func programName(arg0 string) string {
	if filepath.IsAbs(arg0) {
		return "tocsin"
	}
	return arg0
}
