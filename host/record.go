package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/internal/errs"
	"github.com/redlet/redlet/wasm/abi"
)

// A recording is a row of steps, each what a guest's `step` takes: the size of its frames (u32),
// the time (f64), and its inputs as frames, all in little-endian order. The first step of an engine
// is an InConfigure with its options; where another stands, another engine begins.

// stepHeader is the number of bytes before the frames of a step.
const stepHeader = 12

// Record returns a Maker of m's engines that write to w all that goes into them, from which Replay
// makes the same come out of them again. Commands and filters of the program's own are not in a
// recording. What cannot be written ends the recording, not the engine: its Close answers with the
// error.
func Record(m Maker, w io.Writer) Maker {
	return func(o core.Options) (Engine, error) {
		e, err := m(o)
		if err != nil {
			return nil, err
		}
		r := &recorder{Engine: e, w: w}
		options := abi.AppendConfigure(nil, o.Seed, o.Config)
		r.record(o.Now, []core.Input{{Kind: core.InConfigure, Data: options}})
		return r, nil
	}
}

// recorder is an engine whose inputs are written down.
type recorder struct {
	Engine
	w   io.Writer
	buf []byte
	err error // why the recording has ended
}

// Step implements Engine.
func (r *recorder) Step(now core.Time, in []core.Input, out []core.Event) (
	[]core.Event, core.Time, error,
) {
	r.record(now, in)
	return r.Engine.Step(now, in, out)
}

func (r *recorder) record(now core.Time, in []core.Input) {
	if r.err != nil {
		return
	}
	r.buf = append(r.buf[:0], make([]byte, stepHeader)...)
	for i := range in {
		r.buf = abi.AppendInput(r.buf, &in[i])
	}
	binary.LittleEndian.PutUint32(r.buf, uint32(len(r.buf)-stepHeader))
	binary.LittleEndian.PutUint64(r.buf[4:], math.Float64bits(float64(now)))
	_, r.err = r.w.Write(r.buf)
}

// Close implements Engine.
func (r *recorder) Close() error { return errs.Join(r.err, r.Engine.Close()) }

// Replay runs a recording on engines that m makes. After each step it calls each, with the step's
// time and inputs and what came out, all lent for the call; an error of it ends the replay. A
// recording that breaks off ends with io.ErrUnexpectedEOF, after the steps that it has whole. The
// engines have no stopwatch: what it tells is 0.
func Replay(m Maker, recording io.Reader,
	each func(now core.Time, in []core.Input, out []core.Event) error,
) (err error) {
	var engine Engine
	end := func() error {
		if engine == nil {
			return nil
		}
		return engine.Close()
	}
	defer func() { err = errs.Join(err, end()) }()
	var frames bytes.Buffer
	var in []core.Input
	var out []core.Event
	for {
		var now core.Time
		if now, in, err = readStep(recording, &frames, in[:0]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if len(in) == 1 && in[0].Kind == core.InConfigure {
			if err := end(); err != nil {
				return err
			}
			if engine, err = configured(m, now, in[0].Data); err != nil {
				return err
			}
			continue
		}
		if engine == nil {
			return errors.New("a recording must begin with an engine's options")
		}
		if out, _, err = engine.Step(now, in, out[:0]); err != nil {
			return err
		}
		if err = each(now, in, out); err != nil {
			return err
		}
	}
}

// configured makes an engine by the options of an InConfigure.
func configured(m Maker, now core.Time, options []byte) (Engine, error) {
	seed, config, err := abi.ParseConfigure(options)
	if err != nil {
		return nil, err
	}
	return m(core.Options{Now: now, Seed: seed, Config: config})
}

// readStep reads a step, whose inputs then lie in frames. At the end of the recording it answers
// io.EOF.
func readStep(r io.Reader, frames *bytes.Buffer, in []core.Input) (
	now core.Time, _ []core.Input, err error,
) {
	var header [stepHeader]byte
	if _, err = io.ReadFull(r, header[:]); err != nil {
		return 0, in, err
	}
	frames.Reset()
	size := int64(binary.LittleEndian.Uint32(header[:]))
	if _, err = io.CopyN(frames, r, size); err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	for rest := frames.Bytes(); err == nil && len(rest) > 0; {
		in = append(in, core.Input{})
		last := &in[len(in)-1]
		if rest, err = abi.NextInput(rest, last); err == nil && last.Fault() != "" {
			err = errors.New(last.Fault())
		}
	}
	return core.Time(math.Float64frombits(binary.LittleEndian.Uint64(header[4:]))), in, err
}
