package lua

import (
	"strings"
	"testing"
)

// FuzzScript compiles and runs anything: no source may do worse than fail.
func FuzzScript(f *testing.F) {
	for _, seed := range []string{
		"return 1", "local t = {1, 2; x = 3} for k, v in pairs(t) do t[k] = v .. '' end return #t",
		"return ('x'):rep(3):gsub('x', '%0%0')", "return string.format('%5.2f%q', 1, 'a\\0b')",
		"return cjson.encode(cjson.decode('[1,{\"a\":null}]'))", "goto x", "return [==[x]==]",
		"local function f(...) return ... end return pcall(f, 1, nil)", "return 0x10 .. 1e5",
		"redis.call('x') return redis.call('resp', '*1\\r\\n:1\\r\\n')",
		"return struct.unpack('>I2c0', struct.pack('>I2c0', 2, 'ab'))", "if x then elseif y then end",
	} {
		f.Add(seed)
	}
	vm := newVM()
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "panic") || strings.Contains(src, "resp") {
			return // the test's host obeys these
		}
		fn, problem := vm.Compile("user_script", []byte(src))
		if problem != "" {
			return
		}
		n := 0
		vm.Run(fn, nil, nil, true, func() {
			if n++; n == 20 {
				vm.Kill()
			}
		})
		reply3(vm)
	})
}

// FuzzData feeds the decoders of the libraries.
func FuzzData(f *testing.F) {
	f.Add("[1,2,{\"a\":\"\\u00e9\"}]", ">I2c0", "x*y")
	f.Add("\x93\x01\xa1x\xc0", "!4 b d s", "%b()(%w+)%f[%s]-")
	vm := newVM()
	fn, problem := vm.Compile("user_script", []byte(`
		local data, format, pattern = ARGV[1], ARGV[2], ARGV[3]
		pcall(function() return cjson.encode(cjson.decode(data)) end)
		pcall(function() return cmsgpack.pack(cmsgpack.unpack(data)) end)
		pcall(struct.unpack, format, data)
		pcall(struct.pack, format, 1, data, 2, data)
		pcall(string.format, format, 1, data, 2)
		pcall(string.gsub, data, pattern, format)
		pcall(string.find, data, pattern)
		return tonumber(data)`))
	if problem != "" {
		f.Fatal(problem)
	}
	f.Fuzz(func(t *testing.T, data, format, pattern string) {
		args := [][]byte{[]byte(data), []byte(format), []byte(pattern)}
		n := 0
		vm.Run(fn, nil, args, true, func() {
			if n++; n == 20 {
				vm.Kill()
			}
		})
		if f := vm.Failure(); f != nil && !f.Killed {
			t.Error(f.String())
		}
	})
}
