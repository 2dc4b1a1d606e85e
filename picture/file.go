package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
)

// This file has the way from the bytes of a file to the colours of a picture.

const (
	maxBytes  = 1 << 27  // in a file
	maxPixels = 52 << 20 // in a picture: a camera's 50 million, an A4 sheet at 600 dots per inch
	workSize  = 280      // a picture that is wider or higher is made smaller before it is looked at
)

// decode reads the file, and looks at how large the picture is before it makes
// room for its pixels. How the camera was held is for turn.
func decode(r io.Reader) (img image.Image, turned int, err error) {
	file, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, 0, err
	}
	if len(file) > maxBytes {
		return nil, 0, &Error{Message: fmt.Sprintf("a file of more than %d MB; save the picture smaller", maxBytes>>20)}
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, 0, decodeError(file, err)
	}
	if int64(config.Width)*int64(config.Height) > maxPixels { // an int may have no more than 32 bits
		return nil, 0, &Error{Message: fmt.Sprintf("a picture of %d×%d pixels; the limit is %d million in all: save it smaller",
			config.Width, config.Height, maxPixels>>20)}
	}
	img, _, err = image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, 0, decodeError(file, err)
	}
	if img.Bounds().Empty() { // as the first frame of a GIF may be
		return nil, 0, &Error{Message: "a picture without pixels"}
	}
	return img, orientation(file), nil
}

// decodeError returns what to report when file cannot be decoded because of err.
func decodeError(file []byte, err error) error {
	switch {
	case len(file) == 0:
		return &Error{"it is empty, not a picture", io.ErrUnexpectedEOF}
	case errors.Is(err, image.ErrFormat) && otherFormat(file) != "":
		return &Error{Message: fmt.Sprintf("a %s file, which is not read here; save it as JPEG or PNG", otherFormat(file))}
	case errors.Is(err, image.ErrFormat):
		return &Error{fmt.Sprintf("neither PNG nor JPEG nor GIF: it begins %q", file[:min(4, len(file))]), err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{"the picture is cut short", io.ErrUnexpectedEOF}
	}
	return &Error{fmt.Sprintf("the picture is damaged (%v)", err), err}
}

// otherFormat names the format of a file by how it begins, if it is one that
// people have pictures in; otherwise it is "".
func otherFormat(file []byte) string {
	for _, f := range []struct {
		name, begins string
		at           int // in the file
	}{
		{"HEIC", "ftyphei", 4}, {"HEIC", "ftyphev", 4}, {"HEIC", "ftypmif1", 4}, {"HEIC", "ftypmsf1", 4},
		{"AVIF", "ftypavi", 4}, {"WebP", "WEBP", 8}, {"BMP", "BM", 0}, {"TIFF", "II*\x00", 0}, {"TIFF", "MM\x00*", 0},
		{"PDF", "%PDF", 0},
	} {
		if len(file) >= f.at && bytes.HasPrefix(file[f.at:], []byte(f.begins)) {
			return f.name
		}
	}
	if bytes.Contains(file[:min(len(file), 1000)], []byte("<svg")) { // behind comments and the like
		return "SVG"
	}
	return ""
}

// colours returns the red, green and blue of a picture, a plane each, from 0 to
// 1, with paper behind its transparent parts.
func colours(img image.Image) [3]*plane {
	channels := shrink(img)
	paper := paperBehind(channels)
	for k, opacity := range channels[3].data {
		for c := range 3 {
			channels[c].data[k] += (1 - opacity) * paper
		}
	}
	return [3]*plane(channels[:3])
}

// shrink returns the red, green, blue and opacity of a picture, a plane each,
// from 0 to 1; the colours are already multiplied by the opacity. If the
// picture is larger than workSize it is made smaller: every pixel becomes the
// mean of those that fall on it.
func shrink(img image.Image) [4]*plane {
	bounds := img.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	factor := max(1, float64(max(w, h))/workSize)
	rows, cols := max(1, int(float64(h)/factor)), max(1, int(float64(w)/factor))
	count := newPlane(rows, cols)
	var channels [4]*plane
	for c := range channels {
		channels[c] = newPlane(rows, cols)
	}
	pixels := img.(image.RGBA64Image) // as all pictures of the standard library are
	for y := range h {
		i := int(int64(y) * int64(rows) / int64(h)) // y·rows may be too large for an int of 32 bits
		for x := range w {
			j := int(int64(x) * int64(cols) / int64(w))
			k := i*cols + j
			pixel := pixels.RGBA64At(bounds.Min.X+x, bounds.Min.Y+y) // faster than At, which makes a new colour each time
			for c, v := range [4]uint16{pixel.R, pixel.G, pixel.B, pixel.A} {
				channels[c].data[k] += float64(v) / 0xffff
			}
			count.data[k]++
		}
	}
	for _, channel := range channels {
		for k, n := range count.data {
			channel.data[k] /= n
		}
	}
	return channels
}

// paperBehind returns the grey to put behind the transparent parts of a
// picture. If all that is opaque has one brightness, it is ink without paper,
// and white or black is put behind it, whichever differs more. Otherwise there
// is paper among the opaque pixels, and its brightness is theirs, or that of
// most of them, the median.
func paperBehind(channels [4]*plane) float64 {
	red, green, blue, opacity := channels[0], channels[1], channels[2], channels[3]
	var greys []float64 // of the pixels that are opaque, or nearly so
	for k, a := range opacity.data {
		if a > 0.9 {
			greys = append(greys, (red.data[k]+green.data[k]+blue.data[k])/3/a)
		}
	}
	if len(greys) == 0 || len(greys) == len(opacity.data) { // none are, or all
		return 1
	}
	slices.Sort(greys)
	middle := greys[len(greys)/2]
	darkest, lightest := greys[len(greys)*5/100], greys[len(greys)*95/100] // but for a few
	switch {
	case lightest-darkest > 0.3:
		return middle
	case middle > 0.5:
		return 0
	}
	return 1
}
