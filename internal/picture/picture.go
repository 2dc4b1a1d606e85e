// Package picture reads a picture of one handwritten digit, a photograph, a scan or
// a drawing, and brings the digit to the form of MNIST's digits. Read takes these
// steps, in the files named:
//
//   - The file is decoded, the picture made smaller if it is large, and turned
//     upright (file.go). From here on it is planes, one number a pixel (plane.go).
//   - The light of a lamp is evened out (light.go).
//   - Long thin straight lines are found: ruling, or strokes of the digit (ruling.go).
//   - A sheet of paper is searched for, on a table, in a frame, or grey on white. If there is
//     one, the digit is searched for on it, from the light of the lamp on (sheet.go).
//   - The digit is searched for: in a tight crop, whose border cuts it, or on a page, dark on
//     light or light on dark (find.go).
//   - Ink is found as water that stays when it rains: a dark stroke is a hollow, and
//     what runs out at the border of the picture is no ink. Then it is measured: how much
//     darker it is than the paper beside it (ink.go).
//   - The ink falls into connected components. The large ones are the digit, small
//     ones are dust (components.go).
//   - The digit is fitted in 20×20 pixels, its grey levels kept, and placed in 28×28
//     pixels, its centre of mass in the middle (normal.go).
//
// A picture alone does not always tell a stroke from ruling: the foot of a 2 is a line under
// a 7. So there may be two readings of a picture. In the first only what cannot be
// a stroke is erased, in the second all long lines are.
//
// A threshold whose reason is not said was chosen on half of the pictures of the tests: MNIST's
// digits in scenes (scenes_test.go), drawn strokes, and digits of straight lines
// (drawings_test.go).
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
	Err     error // io.ErrUnexpectedEOF if the file is empty or cut short, image.ErrFormat if its format is unknown, else nil or the decoder's error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Read reads a picture of one digit from r, a PNG, JPEG or GIF. It returns the readings of
// it, the most likely first: one, or two if there are lines that may be strokes. The error is an
// *Error, or the one that r returned.
func Read(r io.Reader) (readings []*Digit, err error) {
	img, orientation, err := decode(r)
	if err != nil {
		return nil, err
	}
	colours := turn(coloursOf(img), orientation)
	for _, sparing := range [2]bool{true, false} {
		found := find(colours, mostSheets, sparing)
		if err = checkOne(found.ink); err == nil {
			digit := &Digit{Done: found.done}
			if orientation != upright {
				digit.Done = append([]string{"turned as the camera says"}, digit.Done...)
			}
			digit.Pixels = centre(fit(part(found.ink, boxOf(found.ink))))
			readings = append(readings, digit)
		} else if err != errNothing && sparing { // several digits do not become one by erasing
			return nil, err
		}
		if !found.spared {
			break
		}
	}
	if len(readings) == 0 {
		return nil, err
	}
	return readings, nil
}
