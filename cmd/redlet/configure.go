package main

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/redlet/redlet/host"
)

// configure puts into force what CONFIG SET asks of the host, all of it or nothing: see
// host.LoopOptions.
func (v *server) configure(changes []host.Change, asked bool) (refused string) {
	v.changing.Lock()
	defer v.changing.Unlock()
	before, next := v.settings, *v.settings
	next.values = maps.Clone(next.values)
	for _, c := range changes {
		next.values[c.Name] = c.Value
	}
	next.derive()
	v.settings = &next
	v.oom.begin()
	for i, c := range changes {
		why := v.apply(c)
		if why == "" || !asked {
			continue
		}
		v.settings = before
		for _, undone := range changes[:i+1] {
			if undone.Value = before.values[undone.Name]; !isOOM(undone.Name) {
				_ = v.apply(undone) // it was in force
			} else {
				v.oom.restore()
			}
		}
		return c.Name + " " + why
	}
	return ""
}

// apply puts one parameter into force, whose value is in the settings, and tells why it cannot.
func (v *server) apply(c host.Change) (why string) {
	switch {
	case c.Name == "port":
		if v.listen("tcp") != nil {
			return "Unable to listen on this port. Check server logs."
		}
	case c.Name == "tls-port":
		if !v.recertify() {
			return badTLS
		}
		if v.listen("tls") != nil {
			return "Unable to listen on this port. Check server logs."
		}
	case c.Name == "bind":
		if v.listen("tcp") != nil || v.listen("tls") != nil {
			return "Failed to bind to specified addresses."
		}
	case c.Name == "tcp-keepalive":
		v.bridge.SetKeepAlive(time.Duration(v.keepaliveS) * time.Second)
	case c.Name == "proc-title-template":
		_ = v.retitle()
	case isOOM(c.Name):
		if err := v.oom.set(c.Value); err != nil {
			v.log.print(levelWarning, "Unable to write oom_score_adj: "+systemText(err))
			return "Failed to set current oom_score_adj. Check server logs."
		}
	case strings.HasPrefix(c.Name, "tls-"):
		if !v.recertify() {
			return badTLS
		}
	}
	return ""
}

const badTLS = "Unable to update TLS configuration. Check server logs."

func isOOM(name string) bool { return strings.HasPrefix(name, "oom-score-adj") }

// recertify reads certificates anew if anything needs them. Those in use stay if it cannot.
func (v *server) recertify() bool {
	cluster := strings.EqualFold(v.value("tls-cluster", "no"), "yes")
	if v.tlsPort == 0 && !v.tlsReplication && !cluster {
		v.asClient.Store(nil)
		return true
	}
	if err := v.certify(v.settings); err != nil {
		v.log.print(levelWarning, err.Error())
		return false
	}
	return true
}

// listen closes the port of one kind and opens it where the settings say. Who is connected stays.
func (v *server) listen(kind string) error {
	rest := v.served[:0:0]
	for _, s := range v.served {
		if s.kind != kind {
			rest = append(rest, s)
		} else if err := v.bridge.Unlisten(s.addr); err != nil {
			return err
		}
	}
	v.served = rest
	if kind == "tcp" && v.port == 0 || kind == "tls" && v.tlsPort == 0 {
		return nil
	}
	err := v.bindTCP(kind)
	if err != nil {
		for _, d := range v.doors {
			_ = d.socket.Close() // it served nobody
		}
		v.doors = nil
		return err
	}
	if err := v.open(); err != nil {
		return fmt.Errorf("serving %s: %w", kind, err)
	}
	return nil
}
