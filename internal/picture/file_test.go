package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"
)

// exif returns the segment of a JPEG that says how the camera was held.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	name := "MM"
	if order.String() == "LittleEndian" {
		name = "II"
	}
	tiff := order.AppendUint16([]byte(name), 42)
	tiff = order.AppendUint32(tiff, 8) // where the directory is
	tiff = order.AppendUint16(tiff, 2) // entries: the unit of the resolution, and the orientation
	for _, entry := range [][2]uint16{{0x0128, 2}, {0x0112, orientation}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[1]), 0)
	}
	data := append([]byte("Exif\x00\x00"), tiff...)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(data)+2)), data...)
}

// with returns the JPEG with a segment behind its first marker.
func with(jpg, segment []byte) []byte { return slices.Concat(jpg[:2], segment, jpg[2:]) }

// turnedPage is a page with a dark 7 as a camera has it that says this orientation.
// A camera has the upper left corner, of 8, at the places that EXIF's table says.
func turnedPage(orientation int) image.Image {
	upright := whitePage(60, 80)
	paintBox(upright, 15, 15, 45, 22, 0)
	paintBox(upright, 38, 15, 45, 65, 0)
	w, h := 60, 80
	if orientation >= 5 {
		w, h = h, w
	}
	page := whitePage(w, h)
	for y := range h {
		for x := range w { // where row y and column x of the file are to be seen
			seen := [9]image.Point{{}, {x, y}, {59 - x, y}, {59 - x, 79 - y}, {x, 79 - y},
				{y, x}, {59 - y, x}, {59 - y, 79 - x}, {y, 79 - x}}[orientation]
			page.SetGray(x, y, upright.GrayAt(seen.X, seen.Y))
		}
	}
	return page
}

func TestReadOrientation(t *testing.T) {
	encode := func(orientation int) []byte {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, turnedPage(orientation), &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	want, err := first(bytes.NewReader(encode(1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		for n := 1; n <= 8; n++ {
			got, err := first(bytes.NewReader(with(encode(n), exif(order, uint16(n)))))
			if err != nil {
				t.Fatal(err)
			}
			if c := cosine(got.Pixels, want.Pixels); c < 0.99 {
				t.Errorf("%v, orientation %d: got a cosine of %.3f with the picture upright, want 0.99", order, n, c)
			}
			if said := strings.Contains(strings.Join(got.Done, ""), "turned"); said != (n > 1) {
				t.Errorf("%v, orientation %d: got %q, want it to say that it was turned: %v", order, n, got.Done, n > 1)
			}
		}
	}
}

// EXIF that is damaged is as good as none, wherever it is cut, and whatever it says.
func TestOrientationDamaged(t *testing.T) {
	whole := with([]byte("\xff\xd8\xff\xda"), exif(binary.BigEndian, 6))
	if got := exifOrientation(whole); got != 6 {
		t.Fatalf("whole: got %d, want 6", got)
	}
	segment := exif(binary.BigEndian, 6)
	for n := range segment {
		if got := exifOrientation(with([]byte("\xff\xd8"), segment[:n])); got != 1 {
			t.Errorf("cut after %d bytes: got %d, want 1", n, got)
		}
		short := slices.Clone(segment[:n]) // says itself that it is short
		if n >= 4 {
			binary.BigEndian.PutUint16(short[2:], uint16(n-2))
			if got := exifOrientation(with([]byte("\xff\xd8\xff\xda\x00\x00"), short)); got != 1 {
				t.Errorf("short by itself, %d bytes: got %d, want 1", n, got)
			}
		}
		for _, b := range []byte{0, 0xff} {
			wrong := slices.Clone(segment)
			wrong[n] = b
			if got := exifOrientation(with([]byte("\xff\xd8\xff\xda"), wrong)); got < 1 || got > 8 {
				t.Errorf("byte %d is %d: got %d, want 1 to 8", n, b, got)
			}
		}
	}
	for _, n := range []uint16{0, 9, 65535} {
		if got := exifOrientation(with([]byte("\xff\xd8\xff\xda"), exif(binary.LittleEndian, n))); got != 1 {
			t.Errorf("orientation %d: got %d, want 1", n, got)
		}
	}
}

// A strip may be so long that the place of a pixel times 280 has more than 32 bits.
func TestShrinkLongStrip(t *testing.T) {
	if testing.Short() {
		t.Skip("16 million pixels take a while")
	}
	const long = 1 << 23
	for _, page := range []*image.Gray{whitePage(long, 1), whitePage(1, long)} {
		clear(page.Pix[long/4 : long/2]) // black
		red := shrink(page)[0]
		if red.rows*red.cols != 280 {
			t.Fatalf("%v: got %d×%d pixels, want 280", page.Rect, red.rows, red.cols)
		}
		for k, got := range red.data {
			want := 1.0
			if k >= 70 && k < 140 { // of 280
				want = 0
			}
			if got != want {
				t.Fatalf("%v: got red of %v for pixel %d, want %v", page.Rect, got, k, want)
			}
		}
	}
}

func TestPaperBehind(t *testing.T) {
	const none, nearly, all = 0, 0.95, 1
	for _, c := range []struct {
		name          string
		grey, opacity []float64
		want          float64
	}{
		{"nothing opaque", []float64{0.3, 0.6, 0.9}, []float64{0.5, none, none}, 1},
		{"dark ink", []float64{0.1, 0.1, 0.2, 0}, []float64{all, all, all, none}, 1},
		{"light ink", []float64{0.9, 0.8, 0.9, 0}, []float64{all, all, all, none}, 0},
		{"rather light ink, nearly opaque", []float64{0.52, 0.52, 0.52, 0}, []float64{nearly, nearly, nearly, none}, 0},
		{"rather dark ink, nearly opaque", []float64{0.48, 0.48, 0.48, 0}, []float64{nearly, nearly, nearly, none}, 1},
		{"ink on paper", []float64{0.7, 0.1, 0.7, 0}, []float64{all, all, all, none}, 0.7},
	} {
		var channels [4]*plane
		for i := range channels {
			channels[i] = newPlane(1, len(c.grey))
			for k, opacity := range c.opacity {
				channels[i].data[k] = opacity
				if i < 3 {
					channels[i].data[k] *= c.grey[k]
				}
			}
		}
		if got := paperBehind(channels); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// A JPEG of many scans is refused before it is decoded, unless it is small. What only looks
// like scans is none: in a thumbnail, or behind the end, where some cameras put a film.
func TestReadManyScans(t *testing.T) {
	for _, c := range []struct {
		side, scans int
		want        string
	}{
		{100, 10000, ""},
		{1000, 1000, ""},
		{1000, 1200, "a JPEG of 1000×1000 pixels in 1201 scans, which would take too long; save it as PNG"},
		{1, 1<<20 + 20_000, "a JPEG of 1×1 pixels in 1068577 scans, which would take too long; save it as PNG"},
		{4000, 80, "a JPEG of 4000×4000 pixels in 81 scans, which would take too long; save it as PNG"},
	} {
		page := whitePage(c.side, c.side)
		paintBox(page, c.side/2, c.side/4, c.side*6/10, c.side*3/4, 0)
		var file bytes.Buffer
		if err := encodeJPEG(&file, page); err != nil {
			t.Fatal(err)
		}
		const scan, comment = "\xff\xda\x00\x02\xff\x00\xff\xd0\x01", "\xff\xfe\x0f\xa2"
		body, end := file.String()[:file.Len()-2], file.String()[file.Len()-2:]
		many := strings.Repeat(scan, c.scans)
		if got := countScans([]byte(body + many + end + many)); got != 1+c.scans {
			t.Errorf("%d×%d pixels: got %d scans, want %d", c.side, c.side, got, 1+c.scans)
		}
		if c.want == "" {
			many = "" // they are damaged: only their number is of interest
		}
		looksLike := comment + strings.Repeat("\xff\xda", 2000)
		got := ""
		if _, err := Read(strings.NewReader(body[:2] + looksLike + body[2:] + many + end + looksLike)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%d×%d pixels, %d scans: got the error %q, want %q", c.side, c.side, c.scans, got, c.want)
		}
	}
	for _, file := range []string{"", "\xff\xd8", "\xff\xd8\xff", "\xff\xd8\xff\xda\xff", "\xff\xd8\xff\xff\xff\xff\xff", "\x89PNG\xff\xda\xff\xda"} {
		if got := countScans([]byte(file)); got != 0 && file[3] != 0xda {
			t.Errorf("%q: got %d scans, want none", file, got)
		}
	}
}
