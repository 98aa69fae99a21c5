module github.com/redlet/redlet

go 1.26.0
