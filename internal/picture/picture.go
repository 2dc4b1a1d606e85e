// Package picture reads a picture of one handwritten digit, a photograph, a scan or
// a drawing, and brings the digit to the form of MNIST's digits. Read takes these
// steps, in the files named:
//
//   - The file is decoded, the picture made smaller if it is large, and turned
//     upright (file.go). From here on it is planes, one number a pixel (plane.go).
//   - The digit is searched for: in a tight crop, whose border cuts it, on a page, on
//     a sheet of paper on a table (find.go). In each, the search takes four steps:
//   - The light of a lamp is evened out (light.go).
//   - Ruling is erased: straight thin lines across the paper (ruling.go).
//   - Ink is found as water that stays when it rains: a dark stroke is a hollow, and
//     what runs out at the border of the picture is no ink (ink.go).
//   - The ink is measured: how much darker it is than the paper beside it (light.go).
//   - The ink falls into connected components. The large ones are the digit, small
//     ones are dust (components.go).
//   - The digit is fitted in 20×20 pixels, its grey levels kept, and placed in 28×28
//     pixels, its centre of mass in the middle (normal.go).
//
// A threshold whose reason is not said was chosen on the drawn pictures of the tests
// (scenes_test.go).
package picture

import "io"

// Width is how many pixels wide, and high, a digit is that Read returns.
const Width = 28

// A Digit is the digit that Read has found in a picture.
type Digit struct {
	Pixels []float64 // Width×Width, row after row, from 0, paper, to 1, ink, as MNIST has its digits
	Done   []string  // what was done to the picture beyond fitting and centring, such as "ruling removed"; mostly nothing
}

// An Error says what is wrong with a picture: it is damaged, empty, too large,
// not a picture at all, nothing is drawn on it, or more than one digit.
type Error struct {
	Message string
	Err     error // io.ErrUnexpectedEOF if the file is empty or cut short (unless it is a GIF), image.ErrFormat if its format is unknown, else nil or the decoder's error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Read reads a picture of one digit from r, a PNG, JPEG or GIF. The error is an
// *Error, or the one that r returned.
func Read(r io.Reader) (*Digit, error) {
	img, orientation, err := decode(r)
	if err != nil {
		return nil, err
	}
	found := find(turn(coloursOf(img), orientation), mostSheets)
	if found == nil {
		return nil, errNothing
	}
	if err := checkOne(found.ink); err != nil {
		return nil, err
	}
	done := found.done
	if orientation != upright {
		done = append([]string{"turned as the camera says"}, done...)
	}
	digit := part(found.ink, boxOf(found.ink))
	return &Digit{centre(fit(digit)), done}, nil
}
