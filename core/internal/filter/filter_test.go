package filter

import "testing"

// Each expression is met by the attribute, but for those that begin with a minus and a blank.
func TestMatch(t *testing.T) {
	const attr = ` {"a":1,"s":"abc","l":[1,[2,[]],"x",true,null],"b":true,"f":false,"n":null,` +
		`"neg":-3.5,"o":{"x":["]}"]},"e":"","a-b":7,"x_y":8,"9":9,"num":"10","esc":"a\n\"\u0041"}`
	for _, expr := range []string{
		"1", "- 0", ".a", ".a == 1", `.a == "1"`, ".a==1and.s=='abc'", "- .missing",
		"- !.missing", "- 1 or .missing", "1 and 0 or 1", "1 or 0 and 0", "2 ** 3 ** 2 == 512",
		"8 - 4 - 2 == 2", "-7 % 3 == -1", "5 / 2 == 2.5", "1/0 > 5", "0/0", "2*-1 == -2",
		"2 --1 == 3", "(1)-1 == 0", ".a -1 == 0", "-2 ** 2 == 4", "!0 + 1 == 2", "- !1 == 2",
		"- not 1 == 2", "1 and not 0", "- 1 and not not 0", "1 2 + == 3", "1 2 3 + + == 6",
		`"abc" == 0`, `- "abc" > "abb"`, `" 10" == 10`, `"0x10" == 16`, `- "10abc" == 10`,
		`"inf" > 5`, `not ""`, "[]", "[1,] == [2]", `1 in ["1"]`, `"1" in [1]`, "- 3 in [1,2]",
		`- "a" in "abc"`, "1 in .l", `"x" in .l`, "0 in .l", "- 2 in .l", "- 5 in .l",
		".b == 1", ".f == 0", "- .n", ".n == .n", "- .n == 0", ".n < 1", "- .o", ".neg == -3.5",
		".a-b == 7", ".x_y == 8", ".9 == 9", ".num == 10", "- .", ".e == ''", ".esc == 'a\n\"u0041'",
		`"a\"b" == 'a\"b'`, `- "a\"b" == 'a"b'`, "1.e1 == 10", "5. == 5", "[1, 2 , -3.5] == 0",
	} {
		want := true
		if expr[0] == '-' && expr[1] == ' ' {
			expr, want = expr[2:], false
		}
		p, near, ok := Compile([]byte(expr))
		if !ok {
			t.Errorf("%s: an error near %q", expr, near)
		} else if p.Match([]byte(attr)) != want {
			t.Errorf("%s: not %v", expr, want)
		}
	}
}

// What is wrong, and from where on it is shown.
func TestErrors(t *testing.T) {
	for expr, want := range map[string]string{
		"": "", " ": " ", "1 +": "1 +", "!!1": "!!1", "not not 1": "not not 1", "- 1": "- 1",
		"1 AND 1": " 1", "1 & 1": " 1", "1 => 1": " 1", "1 <> 1": "1 <> 1", "1 ===1": "1",
		"0x10 == 16": "10 == 16", "1_000": "_000", "1a": "1a", "1 ;": ";", "(1": "(1", "1)": "1)",
		"()": "()", ".a .b": ".a .b", `"abc`: `"abc`, "[1": "[1", "[1 2]": "2]", "[,1]": ",1]",
		"[[1]]": "[1]]", "[- 1]": " 1]", "1.5.2 and 1": " and 1", "1e+3 == 1": "+3 == 1",
		". a": ". a", ".o.a == 2": ".o.a == 2", ".é": ".é", "foo": "foo", "1 foo 2": " 2",
		"1 in [1]]": "]", "1 @\x00yy": "@", "\"a\x00b\"": "", "1 2\x003": "1 2",
	} {
		if _, near, ok := Compile([]byte(expr)); ok || string(near) != want {
			t.Errorf("%q: near %q, want %q", expr, near, want)
		}
	}
}

// Texts that are no JSON are read as far as the attribute; want is whether .a holds.
func TestLooseJSON(t *testing.T) {
	for attr, want := range map[string]bool{
		`{"a":1`: true, `{"a":1} x`: true, `{"a":01}`: true, `{"a":+1}`: true, `{"a":1x}`: true,
		`{"a":.5}`: false, `{"a":1e}`: false, `{"a":--1}`: false, `{"a":0x10}`: false,
		`{"a":true x}`: true, `{"a":truex}`: false, `{"a":true]}`: true, `{"a":tru`: false,
		`{"b":[1,{"c":[}]],"a":1}`: true, `{"b":{x},"a":1}`: true, `{"b":xyz,"a":1}`: false,
		`{"b":1x,"a":1}`: false, `{"b":-,"a":1}`: true, `{"b":"\"","a":1}`: true,
		`{"b":"x""y","a":1}`: false, `{"a":[1,2,]}`: false, `{"a":[1 2]}`: false, `{"a":[ ]}`: true,
		`{"a":[1,{}]}`: false, `{"a":[[[1]]`: false, `{"a":"x`: false, `{"a":"\"}`: false,
		`{"\u0061":1}`: false, `{"a":0,"a":1}`: false, `[{"a":1}]`: false, ``: false, `{`: false,
		`{"a"`: false, `{"a":`: false, `{,"a":1}`: false, "\v{\"a\":1}": true, `{1:1,"a":1}`: false,
	} {
		p, _, _ := Compile([]byte(".a"))
		if p.Match([]byte(attr)) != want {
			t.Errorf("%s: not %v", attr, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte(`.a > 1 and not "x" in [.b, 2]`), []byte(`{"a":[1,["x"]],"b":"\n"}`))
	f.Add([]byte(`(1 2) + == 3 ** -1`), []byte(`{"a":{"b":`))
	f.Add([]byte(`.a in .b or ['x',1.5e3,]`), []byte(`{"b":[1,2,"\"`))
	f.Fuzz(func(t *testing.T, expr, attr []byte) {
		if p, _, ok := Compile(expr); ok {
			if first := p.Match(attr); p.Match(attr) != first {
				t.Error("an element is wanted and is not")
			}
		}
	})
}
