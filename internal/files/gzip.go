package files

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

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
func Gunzip(r io.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, damage(err)
	}
	return inflated{z}, nil
}

// inflated reads what is in a gzip file.
type inflated struct{ *gzip.Reader }

func (f inflated) Read(p []byte) (n int, err error) {
	n, err = f.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = damage(err)
	}
	return n, err
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
