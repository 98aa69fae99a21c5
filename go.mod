module github.com/redlet/redlet

go 1.24.0

require (
	github.com/redis/go-redis/v9 v9.0.0
	github.com/tetratelabs/wazero v1.11.0
	github.com/yuin/gopher-lua v1.1.2
)

require (
	github.com/cespare/xxhash/v2 v2.2.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	golang.org/x/sys v0.38.0 // indirect
)

// The npm packages that js/ is tested with; one of them brings Go code.
ignore ./js/node_modules
