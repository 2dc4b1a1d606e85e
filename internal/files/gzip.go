package files

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxPadding is how many zeros may stand behind the gzip in a file.
const maxPadding = 1 << 20

// A DamagedError says that a gzip file is cut short, if Err is io.ErrUnexpectedEOF,
// or damaged.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string {
	if e.Err == io.ErrUnexpectedEOF {
		return "the file is cut short; download it again"
	}
	return fmt.Sprintf("the file is damaged (%v); download it again", e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Gunzip returns a reader of what the gzip file r holds: all its members, one after
// the other. The errors of that reader, and of Gunzip itself, are a *DamagedError if
// the file is cut short or damaged, else the error of r as it is. The checksum of a
// member is checked at its end.
//
// Unlike a gzip.Reader, it accepts zeros behind the last member, up to the end of the
// file, as gzip itself does: tapes and disks are written in whole blocks.
func Gunzip(r io.Reader) (io.Reader, error) {
	file := bufio.NewReader(r)
	member, err := gzip.NewReader(file)
	if err != nil {
		return nil, damage(err)
	}
	return &members{file: file, member: member}, nil
}

// members reads the members of a gzip file as one.
type members struct {
	file   *bufio.Reader
	member *gzip.Reader
	err    error // what Read has returned, and returns from then on
}

func (m *members) Read(p []byte) (n int, err error) {
	if m.err != nil {
		return 0, m.err
	}
	for n == 0 && err == nil && len(p) > 0 { // members may be empty
		m.member.Multistream(false)
		if n, err = m.member.Read(p); err == io.EOF {
			err = m.next()
		}
	}
	if err != nil && err != io.EOF {
		err = damage(err)
	}
	m.err = err
	return n, err
}

// next goes on to the next member. It returns io.EOF if there is none.
func (m *members) next() error {
	for padding := 0; ; padding++ {
		next, err := m.file.Peek(1)
		switch {
		case err != nil: // io.EOF is the end of the last member
			return err
		case next[0] == 0 && padding < maxPadding:
			m.file.Discard(1)
		case padding > 0:
			return gzip.ErrHeader
		default:
			return m.member.Reset(m.file)
		}
	}
}

// damage returns what to report when inflating a file has failed with err.
func damage(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return &DamagedError{io.ErrUnexpectedEOF}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return &DamagedError{err}
	}
	return err
}
