package core

import (
	"strings"
	"testing"
)

// TestInfoOfHost has a host tell of its system, and another one nothing.
func TestInfoOfHost(t *testing.T) {
	for _, c := range []struct {
		config map[string]string
		want   string
	}{
		{nil, "os:redlet|process_id:1|process_supervised:no|executable:|io_threads_active:0\r\n|" +
			"total_system_memory:0|total_system_memory_human:0B"},
		{map[string]string{"info-os": "Plan 9", "info-process_id": "77", "info-executable": "/bin/r",
			"info-total_system_memory": "2048", "bind": "127.0.0.1 -::1", "unixsocket": "/s",
			"tls-port": "7"},
			"os:Plan 9|process_id:77|process_supervised:no|executable:/bin/r|" +
				"listener0:name=tcp,bind=127.0.0.1,bind=-::1,port=6379|listener1:name=unix,bind=/s|" +
				"listener2:name=tls,bind=127.0.0.1,bind=-::1,port=7|" +
				"total_system_memory:2048|total_system_memory_human:2.00K"},
	} {
		e, err := New(Options{Config: c.config})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(c.want, "|") {
			if got := e.info(nil); !strings.Contains(got, "\r\n"+line+"\r\n") {
				t.Errorf("no line %q in:\n%s", line, got)
			}
		}
	}
	_, err := New(Options{Config: map[string]string{"info-nosuch": "1"}})
	if err == nil || !strings.Contains(err.Error(), "'info-nosuch'") {
		t.Errorf("a fact that is none: %v", err)
	}
}
