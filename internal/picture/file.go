package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
)

// This file goes from the bytes of a file to the colours of a picture, upright.

const (
	maxBytes  = 1 << 27  // of a file: 134 million
	maxPixels = 52 << 20 // of a picture: 54.5 million, enough for a camera's 50 million or for an A4 sheet at 600 dots per inch
	maxScans  = 20       // of a JPEG of so many pixels, and more of a smaller one; most have 1 or 10
	workSize  = 280      // a picture that is wider or higher is made smaller before it is looked at
	upright   = 1        // the orientation of most pictures; see turn
)

// decode reads a file, and returns the picture in it and its orientation; see
// turn. It refuses a picture that is too large before it makes room for its pixels.
func decode(r io.Reader) (img image.Image, orientation int, err error) {
	file, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, 0, err
	}
	if len(file) > maxBytes {
		return nil, 0, &Error{Message: fmt.Sprintf("a file of more than %d MB; save the picture smaller", maxBytes/1_000_000)}
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, 0, decodeError(file, err)
	}
	if int64(config.Width)*int64(config.Height) > maxPixels { // an int may have no more than 32 bits
		return nil, 0, &Error{Message: fmt.Sprintf("a picture of %d×%d pixels; the limit is %d million in all: save it smaller",
			config.Width, config.Height, maxPixels/1_000_000)}
	}
	scans := countScans(file) // each goes over blocks, which are up to 32 pixels wide and high
	if int64(scans)*int64(config.Width+31)*int64(config.Height+31) > maxScans*maxPixels {
		return nil, 0, &Error{Message: fmt.Sprintf("a JPEG of %d×%d pixels in %d scans, which would take too long; save it as PNG",
			config.Width, config.Height, scans)}
	}
	img, _, err = image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, 0, decodeError(file, err)
	}
	if img.Bounds().Empty() { // as the first frame of a GIF may be
		return nil, 0, &Error{Message: "a picture without pixels"}
	}
	return img, exifOrientation(file), nil
}

// countScans returns how many scans a JPEG has, of which each goes over the whole picture. A
// marker is the byte 0xff and one that is not 0. It begins a segment, whose length follows,
// unless it is one of those that stand alone. After a scan's segment come its numbers.
func countScans(file []byte) (n int) {
	const startOfImage, endOfImage, startOfScan = "\xff\xd8", 0xd9, 0xda
	if !bytes.HasPrefix(file, []byte(startOfImage)) {
		return 0
	}
	for rest := file[2:]; ; {
		at := bytes.IndexByte(rest, 0xff)
		if at < 0 || at+4 > len(rest) {
			return n
		}
		rest = rest[at:]
		switch marker := rest[1]; {
		case marker == endOfImage:
			return n
		case marker == 0xff: // filling; the next byte may be the marker's
			rest = rest[1:]
			continue
		case marker == 0, marker == 1, marker >= 0xd0 && marker < 0xd8: // in the numbers
			rest = rest[2:]
			continue
		case marker == startOfScan:
			n++
		}
		rest = rest[min(2+int(binary.BigEndian.Uint16(rest[2:])), len(rest)):]
	}
}

// decodeError returns the *Error for a file that cannot be decoded because of err.
func decodeError(file []byte, err error) error {
	switch {
	case len(file) == 0:
		return &Error{"it is empty, not a picture", io.ErrUnexpectedEOF}
	case errors.Is(err, image.ErrFormat):
		return &Error{fmt.Sprintf("neither PNG nor JPEG nor GIF: it begins %q", file[:min(4, len(file))]), err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), !hasEnd(file):
		return &Error{"the picture is cut short", io.ErrUnexpectedEOF}
	}
	return &Error{fmt.Sprintf("the picture is damaged (%v)", err), err}
}

// hasEnd reports whether a PNG, JPEG or GIF has the end that it should have.
func hasEnd(file []byte) bool {
	end := ";" // of a GIF
	if bytes.HasPrefix(file, []byte("\x89PNG")) {
		end = "IEND"
	} else if bytes.HasPrefix(file, []byte("\xff\xd8")) {
		end = "\xff\xd9"
	}
	return bytes.LastIndex(file, []byte(end)) >= max(0, len(file)-1000) // there may be something behind it
}

// exifOrientation returns the orientation of the JPEG in file, from 1 to 8, as its
// EXIF gives it; see turn. If it has no EXIF, or it is damaged, that is upright.
func exifOrientation(file []byte) int {
	const startOfImage, app1, startOfScan = "\xff\xd8", 0xe1, 0xda // EXIF is in a segment app1
	if !bytes.HasPrefix(file, []byte(startOfImage)) {
		return upright
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan; {
		size := int(binary.BigEndian.Uint16(rest[2:])) // of the segment behind its marker of two bytes
		if size < 2 || 2+size > len(rest) {
			return upright
		}
		tiff, found := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00"))
		if rest[1] == app1 && found {
			return orientationTag(tiff)
		}
		rest = rest[2+size:]
	}
	return upright
}

// orientationTag returns the orientation that is in the first directory of a
// TIFF, which is the format of EXIF. A directory is its number of entries in two
// bytes, then the entries, 12 bytes each: tag, type, count and value.
func orientationTag(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return upright
	}
	first := order.Uint32(tiff[4:]) // where the directory is
	if int64(first)+2 > int64(len(tiff)) {
		return upright
	}
	count, entries := int(order.Uint16(tiff[first:])), tiff[first+2:]
	for ; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		const tag, short = 0x0112, 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if n := int(order.Uint16(entries[8:])); n >= 1 && n <= 8 {
				return n
			}
			return upright
		}
	}
	return upright
}

// coloursOf returns the red, green and blue of a picture, a plane each, from 0 to
// 1. Behind transparent pixels it puts paper.
func coloursOf(img image.Image) [3]*plane {
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
// from 0 to 1; the colours are already multiplied by the opacity. A picture larger
// than workSize is made smaller: each new pixel is the mean of the old ones that
// fall on it. Of 700×560 pixels it makes 280×224, each the mean of 4, 6 or 9.
func shrink(img image.Image) [4]*plane {
	bounds := img.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	factor := max(1, float64(max(w, h))/workSize)
	rows, cols := max(1, int(float64(h)/factor)), max(1, int(float64(w)/factor))
	count := newPlane(rows, cols) // of the old pixels that fall on each new one
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

// paperBehind returns the grey to put behind the transparent pixels of a picture.
// If all opaque pixels have about the same brightness, they are ink without paper.
// Then it is white or black, whichever differs more from the ink. Otherwise paper
// is among the opaque pixels; it is most of them, so it is their median.
func paperBehind(channels [4]*plane) float64 {
	red, green, blue, opacity := channels[0], channels[1], channels[2], channels[3]
	var greys []float64 // of the pixels that are opaque, or nearly so
	for k, a := range opacity.data {
		if a > 0.9 {
			greys = append(greys, (red.data[k]+green.data[k]+blue.data[k])/3/a)
		}
	}
	if len(greys) == 0 || len(greys) == len(opacity.data) { // none are opaque, or all
		return 1
	}
	darkest, median, lightest := quantile(greys, 0.05), quantile(greys, 0.5), quantile(greys, 0.95)
	switch {
	case lightest-darkest > 0.3: // ink and paper
		return median
	case median > 0.5: // light ink alone
		return 0
	}
	return 1
}

// turn turns the colours of a picture the right way up. Its orientation says at
// which sides the first row and the first column of the file belong:
//
//	1 top, left        5 left, top
//	2 top, right       6 right, top
//	3 bottom, right    7 right, bottom
//	4 bottom, left     8 left, bottom
func turn(colours [3]*plane, orientation int) [3]*plane {
	for c, p := range colours {
		if orientation >= 5 { // transposed, 5 to 8 are as 1 to 4
			p = transposed(p)
		}
		if orientation%2 == 0 { // exchanging left and right makes 1 of 2, and 3 of 4
			for i := range p.rows {
				slices.Reverse(p.row(i))
			}
		}
		if orientation%4 == 3 || orientation%4 == 0 { // turning it by half a turn makes 1 of 3
			slices.Reverse(p.data)
		}
		colours[c] = p
	}
	return colours
}
