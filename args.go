package redlet

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"time"
)

// appendCommand appends a command in RESP.
func appendCommand(dst []byte, args []any) ([]byte, error) {
	if len(args) == 0 {
		return dst, errors.New("redlet: a command has a name at least")
	}
	dst = strconv.AppendInt(append(dst, '*'), int64(len(args)), 10)
	dst = append(dst, "\r\n"...)
	var scratch []byte
	for i, arg := range args {
		var err error
		if scratch, err = appendArg(scratch[:0], arg); err != nil {
			return dst, fmt.Errorf("redlet: argument %d: %w", i, err)
		}
		dst = strconv.AppendInt(append(dst, '$'), int64(len(scratch)), 10)
		dst = append(dst, "\r\n"...)
		dst = append(dst, scratch...)
		dst = append(dst, "\r\n"...)
	}
	return dst, nil
}

// appendArg appends an argument's bytes, which are those that go-redis sends.
func appendArg(dst []byte, arg any) ([]byte, error) {
	switch v := arg.(type) {
	case nil:
		return dst, nil
	case string:
		return append(dst, v...), nil
	case []byte:
		return append(dst, v...), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case time.Duration:
		return strconv.AppendInt(dst, v.Nanoseconds(), 10), nil
	case time.Time:
		return v.AppendFormat(dst, time.RFC3339Nano), nil
	case net.IP:
		return append(dst, v...), nil
	case encoding.BinaryMarshaler:
		b, err := v.MarshalBinary()
		return append(dst, b...), err
	}
	return appendKind(dst, reflect.ValueOf(arg))
}

// appendKind appends an argument of a type that is told by its kind alone.
func appendKind(dst []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		return append(dst, v.String()...), nil
	case reflect.Bool:
		if v.Bool() {
			return append(dst, '1'), nil
		}
		return append(dst, '0'), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return strconv.AppendFloat(dst, v.Float(), 'f', -1, 64), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return append(dst, v.Bytes()...), nil
		}
	case reflect.Pointer:
		if v.IsNil() {
			return dst, nil
		}
		return appendArg(dst, v.Elem().Interface())
	}
	return dst, fmt.Errorf("a %s cannot be sent: give a string, bytes, a number, a bool, or "+
		"an encoding.BinaryMarshaler", v.Type())
}
