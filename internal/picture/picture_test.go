package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// testDigits returns the digits in testdata/digits.png, 28×28 pixels each, from
// 0, paper, to 1, ink; see testdata/make_digits.py.
func testDigits(t testing.TB) [][]float64 {
	t.Helper()
	f, err := os.Open("testdata/digits.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	strip := img.(*image.Gray)
	digits := make([][]float64, strip.Rect.Dx()/28)
	for n := range digits {
		for k := range 28 * 28 {
			digits[n] = append(digits[n], float64(strip.GrayAt(28*n+k%28, k/28).Y)/256)
		}
	}
	return digits
}

// few returns the first few digits; with DIGITS_TEST=all in the environment, it
// returns all of them, which takes most tests ten times as long.
func few(digits [][]float64, n int) [][]float64 {
	if os.Getenv("DIGITS_TEST") == "all" {
		return digits
	}
	return digits[:n]
}

// A paint is the colour of pixel (x, y) of a page where there is so much ink, from 0 to 1.
type paint func(ink float64, x, y int) color.Color

// between is the paint for paper and ink of two greys, from 0, black, to 1, white.
func between(paper, ink float64) paint {
	return func(v float64, x, y int) color.Color { return greyOf(paper + (ink-paper)*v) }
}

// greyOf is a colour from 0, black, to 1, white.
func greyOf(v float64) color.Color {
	return color.Gray{Y: uint8(math.Round(255 * min(1, max(0, v))))}
}

// A scene is a page on which a digit is drawn.
type scene struct {
	width, height int
	scale         float64 // pixels of the page for one of the digit
	left, top     float64 // of the digit, on the page
	turn          float64 // clockwise, in radians
	paint         paint
}

// page draws the digit, 28×28 pixels, between whose middles it is smooth.
func (s scene) page(digit []float64) image.Image {
	at := func(i, j int) float64 {
		if i < 0 || i >= 28 || j < 0 || j >= 28 {
			return 0
		}
		return digit[i*28+j]
	}
	page := image.NewNRGBA(image.Rect(0, 0, s.width, s.height))
	sin, cos := math.Sincos(s.turn)
	for y := range s.height {
		for x := range s.width {
			u, v := (float64(x)+0.5-s.left)/s.scale-14, (float64(y)+0.5-s.top)/s.scale-14
			u, v = u*cos+v*sin+13.5, v*cos-u*sin+13.5
			j, i := math.Floor(u), math.Floor(v)
			du, dv := u-j, v-i
			upper := at(int(i), int(j))*(1-du) + at(int(i), int(j)+1)*du
			lower := at(int(i)+1, int(j))*(1-du) + at(int(i)+1, int(j)+1)*du
			page.Set(x, y, s.paint(upper*(1-dv)+lower*dv, x, y))
		}
	}
	return page
}

// asItIs is a page of the digit's own 28×28 pixels.
func asItIs(digit []float64) image.Image {
	return scene{width: 28, height: 28, scale: 1, paint: between(0, 1)}.page(digit)
}

// pngOf returns a PNG of img.
func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encodePNG(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encodePNG writes a PNG of img without compressing it, which takes long.
func encodePNG(w io.Writer, img image.Image) error {
	fast := png.Encoder{CompressionLevel: png.NoCompression}
	return fast.Encode(w, img)
}

// readPNG returns what Read makes of a PNG of img, which must be a digit.
func readPNG(t *testing.T, img image.Image) []float64 {
	t.Helper()
	got, err := first(bytes.NewReader(pngOf(t, img)))
	if err != nil {
		t.Fatal(err)
	}
	checkPicture(t, "PNG", got.Pixels)
	return got.Pixels
}

// checkPicture fails unless the picture is as MNIST's are: in range, in a box of
// 20×20, with a longest side of 20, and its centre of mass from 14 to 15.
func checkPicture(t *testing.T, name string, picture []float64) {
	t.Helper()
	if len(picture) != 28*28 {
		t.Fatalf("%s: got %d pixels, want 784", name, len(picture))
	}
	mass, x, y := 0.0, 0.0, 0.0
	left, right, top, bottom := 28, -1, 28, -1
	for k, v := range picture {
		if !(v >= 0 && v <= 1) {
			t.Errorf("%s: pixel %d is %v, want 0 to 1", name, k, v)
		}
		if v == 0 {
			continue
		}
		i, j := k/28, k%28
		left, right, top, bottom = min(left, j), max(right, j), min(top, i), max(bottom, i)
		mass, x, y = mass+v, x+v*(float64(j)+0.5), y+v*(float64(i)+0.5)
	}
	if slices.Max(picture) != 1 || max(right-left, bottom-top) != 19 {
		t.Errorf("%s: the ink is at most %v, in columns %d to %d and rows %d to %d, want 1 and a longer side of 20",
			name, slices.Max(picture), left, right, top, bottom)
	}
	if x /= mass; left > 0 && right < 27 && !(x > 13.999 && x < 15) {
		t.Errorf("%s: the centre of mass is %.2f from the left, want 14 to 15", name, x)
	}
	if y /= mass; top > 0 && bottom < 27 && !(y > 13.999 && y < 15) {
		t.Errorf("%s: the centre of mass is %.2f from the top, want 14 to 15", name, y)
	}
}

// sum returns the ink of a picture in all.
func sum(picture []float64) (total float64) {
	for _, v := range picture {
		total += v
	}
	return total
}

// A digit in MNIST's form comes back as it was, however coloured, large, padded
// or shifted its picture is.
func TestReadExact(t *testing.T) {
	var digits [][]float64
	for _, digit := range few(testDigits(t)[:10], 2) { // they are not quite in MNIST's form; so they are brought to it
		digits = append(digits, readPNG(t, asItIs(digit)))
	}
	for _, c := range []struct {
		name                   string
		w, h, scale, left, top int
		paint                  paint
	}{
		{"as it is", 28, 28, 1, 0, 0, between(0, 1)},
		{"inverted", 28, 28, 1, 0, 0, between(1, 0)},
		{"10 times as large", 280, 280, 10, 0, 0, between(1, 0)},
		{"moved, wide", 90, 40, 1, 50, 3, between(1, 0)},
		{"moved, high", 40, 90, 1, 7, 60, between(1, 0)},
		{"red on white", 56, 56, 2, 0, 0, func(ink float64, x, y int) color.Color {
			return color.NRGBA{255, uint8(255.5 - 255*ink), uint8(255.5 - 255*ink), 255}
		}},
		{"cyan on white", 28, 28, 1, 0, 0, func(ink float64, x, y int) color.Color { // red alone differs
			return color.NRGBA{uint8(255.5 - 255*ink), 255, 255, 255}
		}},
		{"magenta on white", 28, 28, 1, 0, 0, func(ink float64, x, y int) color.Color {
			return color.NRGBA{255, uint8(255.5 - 255*ink), 255, 255}
		}},
		{"yellow on white", 28, 28, 1, 0, 0, func(ink float64, x, y int) color.Color {
			return color.NRGBA{255, 255, uint8(255.5 - 255*ink), 255}
		}},
		{"black, transparent", 56, 56, 2, 0, 0, func(ink float64, x, y int) color.Color {
			return color.NRGBA{0, 0, 0, uint8(255*ink + 0.5)}
		}},
		{"white, transparent", 56, 56, 2, 0, 0, func(ink float64, x, y int) color.Color {
			return color.NRGBA{255, 255, 255, uint8(255*ink + 0.5)}
		}},
		{"transparent margins", 76, 76, 2, 10, 10, func(ink float64, x, y int) color.Color {
			if x < 5 || y < 5 || x >= 71 || y >= 71 {
				return color.NRGBA{}
			}
			return greyOf(1 - ink)
		}},
	} {
		for n, digit := range digits {
			page := image.NewNRGBA(image.Rect(0, 0, c.w, c.h))
			for y := range c.h {
				for x := range c.w {
					ink := 0.0
					if u, v := x-c.left, y-c.top; u >= 0 && v >= 0 && u < 28*c.scale && v < 28*c.scale {
						ink = digit[v/c.scale*28+u/c.scale]
					}
					page.Set(x, y, c.paint(ink, x, y))
				}
			}
			got, err := first(bytes.NewReader(pngOf(t, page)))
			if err != nil {
				t.Errorf("%s, digit %d: %v", c.name, n, err)
				continue
			}
			far := 0.0
			for k, v := range got.Pixels {
				far += math.Abs(v - digit[k])
			}
			if far > 4 { // of about 100 that the ink has; a step to the side is 50
				t.Errorf("%s, digit %d: got it changed by %.1f in all, want at most 4", c.name, n, far)
			}
		}
	}
}

// cosine returns the cosine of the angle between two pictures: 1 if they are
// alike but for a factor, 0 if they have no ink in the same place.
func cosine(a, b []float64) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for k := range a {
		ab, aa, bb = ab+a[k]*b[k], aa+a[k]*a[k], bb+b[k]*b[k]
	}
	return ab / math.Sqrt(aa*bb)
}

// A digit read from a page is much like the one read from its own pixels. How
// much, the cosine says: the mean over the digits was 0.01 more than wanted when it
// was measured, over all digits and over the first two.
func TestReadScenes(t *testing.T) {
	all := testDigits(t)
	digits := few(all, 2)
	if testing.Short() {
		digits = all[:2]
	}
	var own [][]float64 // each digit, read from its own pixels
	for _, digit := range digits {
		own = append(own, readPNG(t, asItIs(digit)))
	}
	for _, c := range []struct {
		name   string
		want   float64 // the mean of the cosines, at least
		ofTwo  float64 // the same of the first two digits
		scene  scene
		encode func(w io.Writer, img image.Image) error
	}{
		{"large", 0.952, 0.956, scene{width: 200, height: 260, scale: 7, left: 2, top: 50, paint: between(1, 0)}, encodePNG},
		{"far too large", 0.944, 0.943, scene{width: 500, height: 400, scale: 13, left: 100, top: 20,
			paint: between(1, 0.1)}, encodePNG},
		{"light on dark", 0.956, 0.958, scene{width: 140, height: 140, scale: 5, paint: between(0.1, 0.9)}, encodePNG},
		{"in a corner", 0.934, 0.964, scene{width: 300, height: 300, scale: 4, left: 180, top: 185,
			paint: between(0.9, 0.2)}, encodePNG},
		{"cut close", 0.845, 0.863, scene{width: 126, height: 126, scale: 6, left: -21, top: -21,
			paint: between(1, 0)}, encodePNG},
		{"turned left", 0.772, 0.683, scene{width: 140, height: 140, scale: 5, turn: -0.15, paint: between(1, 0)}, encodePNG},
		{"turned right", 0.753, 0.790, scene{width: 140, height: 140, scale: 5, turn: 0.15, paint: between(1, 0)}, encodePNG},
		{"faint", 0.956, 0.958, scene{width: 140, height: 140, scale: 5, paint: between(0.8, 0.65)}, encodePNG},
		{"in the shade", 0.870, 0.847, scene{width: 160, height: 160, scale: 5, left: 10, top: 10,
			paint: inTheShade}, encodePNG},
		{"by a lamp", 0.932, 0.879, scene{width: 140, height: 140, scale: 5, paint: byALamp}, encodePNG},
		{"noisy", 0.875, 0.879, scene{width: 160, height: 160, scale: 5, left: 10, top: 10,
			paint: noisy(0.9, 0.2, 0.05)}, encodePNG},
		{"very noisy", 0.850, 0.908, scene{width: 160, height: 160, scale: 5, left: 10, top: 10,
			paint: noisy(0.75, 0.25, 0.1)}, encodePNG},
		{"with dust", 0.949, 0.963, scene{width: 200, height: 200, scale: 5, left: 30, top: 30, paint: withDust}, encodePNG},
		{"equally bright", 0.956, 0.958, scene{width: 140, height: 140, scale: 5, paint: equallyBright}, encodePNG},
		{"faint yellow", 0.956, 0.958, scene{width: 140, height: 140, scale: 5, paint: faintYellow}, encodePNG},
		{"white with a black rim", 0.924, 0.899, scene{width: 140, height: 140, scale: 5, paint: rimmed}, encodePNG},
		{"JPEG", 0.826, 0.832, scene{width: 140, height: 140, scale: 5, paint: between(0.95, 0.1)}, encodeJPEG},
		{"GIF, transparent", 0.923, 0.898, scene{width: 140, height: 140, scale: 5, paint: blackOrNothing}, encodeGIF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			total := 0.0
			for n, digit := range digits {
				var file bytes.Buffer
				if err := c.encode(&file, c.scene.page(digit)); err != nil {
					t.Fatal(err)
				}
				got, err := first(&file)
				if err != nil {
					t.Errorf("digit %d: %v", n, err)
					continue
				}
				checkPicture(t, "the page", got.Pixels)
				total += cosine(got.Pixels, own[n])
			}
			want := c.want
			if len(digits) == 2 {
				want = c.ofTwo
			}
			if got := total / float64(len(digits)); got < want {
				t.Errorf("got a mean cosine of %.4f, want %.3f or more", got, want)
			}
		})
	}
}

func inTheShade(ink float64, x, y int) color.Color {
	return greyOf((1 - float64(x+y)/500) * (1 - 0.7*ink))
}

// noisy is the paint for paper and ink of two greys with normal noise of deviation sigma.
func noisy(paper, ink, sigma float64) paint {
	rng := rand.New(rand.NewPCG(4, 0))
	return func(v float64, x, y int) color.Color { return greyOf(paper + (ink-paper)*v + sigma*rng.NormFloat64()) }
}

// byALamp is light that falls off as a square, and more towards two of the corners.
func byALamp(ink float64, x, y int) color.Color {
	u, v := float64(x)/70-1, float64(y)/70-1
	return greyOf((0.75 - 0.25*u*u - 0.15*v*v + 0.2*u*v) * (1 - 0.4*ink))
}

func withDust(ink float64, x, y int) color.Color {
	return greyOf(1 - max(ink, float64((x*y%1999)/1996)))
}

func equallyBright(ink float64, x, y int) color.Color {
	return color.NRGBA{uint8(80 + 120*ink), uint8(160 - 60*ink), 80, 255}
}

func faintYellow(ink float64, x, y int) color.Color {
	return color.NRGBA{255, 255, uint8(255 - 40*ink), 255}
}

// rimmed is white on nothing, with a thin rim that is black but half transparent.
func rimmed(ink float64, x, y int) color.Color {
	switch {
	case ink > 0.5:
		return color.White
	case ink > 0.2:
		return color.NRGBA{0, 0, 0, 128}
	}
	return color.NRGBA{}
}

func blackOrNothing(ink float64, x, y int) color.Color {
	return color.NRGBA{0, 0, 0, uint8(math.Round(ink)) * 255}
}

func encodeJPEG(w io.Writer, img image.Image) error {
	return jpeg.Encode(w, img, &jpeg.Options{Quality: 30})
}

// encodeGIF writes a GIF of black and transparent pixels.
func encodeGIF(w io.Writer, img image.Image) error {
	p := image.NewPaletted(img.Bounds(), color.Palette{color.NRGBA{}, color.Black})
	draw.Draw(p, p.Rect, img, image.Point{}, draw.Src)
	return gif.Encode(w, p, nil)
}

// whitePage returns a page of width×height pixels without anything on it.
func whitePage(width, height int) *image.Gray {
	page := image.NewGray(image.Rect(0, 0, width, height))
	for k := range page.Pix {
		page.Pix[k] = 255
	}
	return page
}

// paintBox gives the pixels from (left, top) to before (right, bottom) the grey.
func paintBox(page *image.Gray, left, top, right, bottom int, grey uint8) {
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			page.SetGray(x, y, color.Gray{Y: grey})
		}
	}
}

// Lines drawn with a thin pen on a large page are as wide as MNIST's are.
func TestReadThinPen(t *testing.T) {
	page := whitePage(400, 400)
	paintBox(page, 0, 0, 400, 400, 250)
	for y := 60; y < 340; y++ { // a 7, lines 3 pixels wide
		paintBox(page, 260-y/3, y, 263-y/3, y+1, 20)
	}
	paintBox(page, 120, 60, 243, 63, 20)
	ink := sum(readPNG(t, page))
	if ink < 45 || ink > 110 { // 31 pixels of lines, some 2 wide; unthickened 10
		t.Errorf("got ink of %v in all, want 45 to 110, lines about 2 pixels wide", ink)
	}
}

// The longer side becomes 20 pixels, the other in proportion, rounded.
func TestReadProportions(t *testing.T) {
	for _, c := range []struct{ width, height, wantCols, wantRows int }{
		{40, 40, 20, 20},
		{40, 20, 20, 10},
		{20, 40, 10, 20},
		{80, 41, 20, 10},
		{41, 80, 10, 20},
		{80, 43, 20, 11},
		{43, 80, 11, 20},
		{10, 5, 20, 10},
	} {
		page := whitePage(140, 140)
		paintBox(page, 20, 20, 20+c.width, 20+c.height, 0)
		var cols, rows [28]bool // where there is ink
		for k, v := range readPNG(t, page) {
			if v > 0 {
				cols[k%28], rows[k/28] = true, true
			}
		}
		count := func(ink [28]bool) (n int) {
			for _, there := range ink {
				if there {
					n++
				}
			}
			return n
		}
		if gotCols, gotRows := count(cols), count(rows); gotCols != c.wantCols || gotRows != c.wantRows {
			t.Errorf("a block of %d×%d: got %d×%d, want %d×%d",
				c.width, c.height, gotCols, gotRows, c.wantCols, c.wantRows)
		}
	}
}

// The first frame of a GIF need not begin in its corner.
func TestReadFrameAside(t *testing.T) {
	read := func(left, top int) []float64 {
		p := image.NewPaletted(image.Rect(left, top, left+40, top+40), color.Palette{color.White, color.Black})
		for k := range 20 {
			p.SetColorIndex(left+20, top+10+k, 1)
			p.SetColorIndex(left+21, top+10+k, 1)
		}
		var file bytes.Buffer
		err := gif.EncodeAll(&file, &gif.GIF{
			Image:  []*image.Paletted{p},
			Delay:  []int{0},
			Config: image.Config{Width: 100, Height: 100},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := first(&file)
		if err != nil {
			t.Fatal(err)
		}
		return got.Pixels
	}
	if !slices.Equal(read(30, 50), read(0, 0)) {
		t.Error("got another picture of a frame that begins at (30, 50), want that of one that begins at (0, 0)")
	}
}

// Where the paper varies more than the ink, as beside a black and grainy table, there
// is a digit or an *Error.
func TestReadBesideGrain(t *testing.T) {
	page := whitePage(100, 100)
	for y := range 100 {
		for x := 45; x < 100; x++ {
			page.SetGray(x, y, color.Gray{Y: uint8(3 + 10*((x+y)%2))})
		}
	}
	paintBox(page, 20, 25, 24, 75, 217)
	got, err := first(bytes.NewReader(pngOf(t, page)))
	if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
		t.Errorf("got the error %T, %v, want an *Error", err, err)
	} else if err == nil {
		checkPicture(t, "beside grain", got.Pixels)
	}
}

// A smudge has no edges, and is nothing that is drawn.
func TestReadSmudge(t *testing.T) {
	page := whitePage(200, 200)
	for y := range 200 {
		for x := range 200 {
			r := math.Hypot(float64(x)-99.5, float64(y)-99.5) / 40
			page.SetGray(x, y, color.Gray{Y: uint8(230 - 120*math.Exp(-r*r))})
		}
	}
	if got, err := first(bytes.NewReader(pngOf(t, page))); err != errNothing {
		t.Errorf("got %v and the error %v, want %q", got, err, errNothing)
	}
}

// A 0 so large that its hole might be a sheet of paper is a 0.
func TestReadLargeRing(t *testing.T) {
	page := whitePage(200, 200)
	for y := range 200 {
		for x := range 200 {
			if r := math.Hypot(float64(x)-99.5, float64(y)-99.5); r > 82 && r < 97 {
				page.SetGray(x, y, color.Gray{Y: 20})
			}
		}
	}
	got, err := first(bytes.NewReader(pngOf(t, page)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Done) > 0 || got.Pixels[14*28+14] > 0.1 || got.Pixels[4*28+14] < 0.5 {
		t.Errorf("done %q, got a 0 that is no ring: %.1f", got.Done, got.Pixels)
	}
}

// A line down that is not nearly as long as the page is high is a 1, a longer one is
// ruling; one across is ruling sooner, as under a digit.
func TestReadLineOrDigit(t *testing.T) {
	for _, c := range []struct {
		name                     string
		left, top, right, bottom int // of the line, on a page of 200×200
		want                     string
	}{
		{"a 1", 98, 40, 102, 160, ""},
		{"a tall 1", 98, 25, 102, 175, ""},
		{"a 1 as high as the page, almost", 98, 10, 102, 190, ""},
		{"a line from the border", 98, 0, 102, 140, "nothing is drawn on it, or too faintly"},
		{"a margin", 98, 0, 102, 200, "nothing is drawn on it, or too faintly"},
		{"a line to write on", 0, 98, 200, 102, "nothing is drawn on it, or too faintly"},
	} {
		page := whitePage(200, 200)
		paintBox(page, c.left, c.top, c.right, c.bottom, 30)
		got := ""
		if _, err := first(bytes.NewReader(pngOf(t, page))); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got the error %q, want %q", c.name, got, c.want)
		}
	}
}

// A component that is small beside the largest, in ink rather than in size, is
// dust; and pixels that touch by their corners alone are of one component.
func TestReadDust(t *testing.T) {
	page := func() *image.Gray {
		page := whitePage(140, 140)
		paintBox(page, 30, 30, 70, 70, 0)
		return page
	}
	block := readPNG(t, page())

	smudged := page()
	paintBox(smudged, 90, 90, 110, 110, 217)
	for k, got := range readPNG(t, smudged) {
		if !(math.Abs(got-block[k]) <= 1e-6) {
			t.Errorf("a block beside a smudge: got %v for pixel %d, want %v as without it", got, k, block[k])
			break
		}
	}

	tailed := page()
	for d := range 40 {
		tailed.SetGray(70+d, 70+d, color.Gray{})
	}
	if got := sum(readPNG(t, tailed)); got > sum(block)/2 { // with the tail, the block is half as wide
		t.Errorf("a block with a tail: got ink of %v, want less than half the %v of the block alone", got, sum(block))
	}

	barred := page()
	paintBox(barred, 80, 41, 86, 63, 0)                                   // it has a twelfth of the block's mass
	if got, want := sum(readPNG(t, barred)), sum(block)*3/4; got > want { // the block is 40/56 of the width
		t.Errorf("a block and a bar: got ink of %v, want less than %v, as the bar is no dust", got, want)
	}
}

// Pale ink is kept on paper of coarse grain, too.
func TestReadPaleOnGrain(t *testing.T) {
	page := whitePage(140, 140)
	for k := range page.Pix {
		page.Pix[k] = uint8(222 + 16*((k+k/140)%2)) // grey 230, but for 8
	}
	paintBox(page, 30, 50, 70, 90, 50)
	paintBox(page, 70, 50, 110, 90, 230-45)
	if got := sum(readPNG(t, page)); got > 200 { // pixels of a box of 20×10; the darker half alone is 20×20
		t.Errorf("got ink of %v, want 200 at most, as the pale half is ink", got)
	}
}

// What little ink is darker than the rest leaves the rest as dark as it was.
func TestReadDarkSpot(t *testing.T) {
	page := whitePage(140, 140)
	paintBox(page, 30, 30, 70, 70, 100)
	want := readPNG(t, page)
	paintBox(page, 40, 40, 50, 50, 0)
	if got := readPNG(t, page); !slices.Equal(got, want) {
		t.Errorf("got ink of %v in all, want %v, as without the spot", sum(got), sum(want))
	}
}

// The README's picture, a 4 written with a felt pen on shaded paper; see
// make_four.py beside it.
func TestReadFour(t *testing.T) {
	file, err := os.ReadFile("../../testdata/four.png")
	if err != nil {
		t.Fatal(err)
	}
	got, err := first(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	checkPicture(t, "four", got.Pixels)
}

// pngSaying returns a PNG whose header says that it has width×height pixels,
// which it has not.
func pngSaying(t *testing.T, width, height uint32) []byte {
	file := pngOf(t, whitePage(50, 50))
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestReadRefuses(t *testing.T) {
	blank := image.NewGray(image.Rect(0, 0, 50, 50))
	noisy, noisier, shaded := image.NewGray(blank.Rect), image.NewGray(blank.Rect), image.NewGray(blank.Rect)
	rng := rand.New(rand.NewPCG(1, 0))
	for k := range blank.Pix {
		noisy.Pix[k] = uint8(200 + 4*rng.NormFloat64())
		noisier.Pix[k] = uint8(128 + 25*rng.NormFloat64())
		shaded.Pix[k] = uint8(100 + 2*(k%50))
	}
	faint := scene{width: 140, height: 140, scale: 5, paint: between(0.8, 0.74)}
	speck := whitePage(100, 100)
	paintBox(speck, 50, 50, 53, 53, 0)
	large := make([]byte, maxBytes+1)
	damaged := pngOf(t, noisy)
	damaged[len(damaged)/2] ^= 1
	noPixels := "GIF89a\n\x00\n\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + // 10×10, two colours; in it
		",\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x01\x2c\x00;" // a frame of 0×0, LZW's "clear" and "end"
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "it is empty", nil},
		{"text", `neither PNG nor JPEG nor GIF: it begins "hell"`, []byte("hello")},
		{"short text", `neither PNG nor JPEG nor GIF: it begins "hi"`, []byte("hi")},
		{"huge", "2097152×50 pixels; the limit is 54 million in all: save it smaller", pngSaying(t, 1<<21, 50)},
		{"a row too many", "8192×6657 pixels", pngSaying(t, 8192, 6657)},
		{"as many pixels as may be", "damaged", pngSaying(t, 8192, 6656)},
		{"huge on both sides", "65535×65535 pixels", []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")},
		{"large file", "more than 134 MB; save", large},
		{"file as large as may be", "neither PNG", large[:maxBytes]},
		{"cut short", "the picture is cut short", pngOf(t, noisy)[:20]},
		{"damaged", "damaged", damaged},
		{"blank", "nothing is drawn", pngOf(t, blank)},
		{"one pixel", "nothing is drawn", pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))},
		{"no pixels", "without pixels", []byte(noPixels)},
		{"too faint", "too faintly", pngOf(t, faint.page(testDigits(t)[0]))},
		{"a speck", "nothing is drawn", pngOf(t, speck)},
		{"noise alone", "nothing is drawn", pngOf(t, noisy)},
		{"much noise", "this seems to hold", pngOf(t, noisier)},
		{"shade alone", "nothing is drawn", pngOf(t, shaded)},
		{"transparent", "nothing is drawn", pngOf(t, image.NewNRGBA(blank.Rect))},
	} {
		got, err := first(bytes.NewReader(c.file))
		var e *Error
		if got != nil || !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got a digit: %v, and the error %T, %v, want an *Error with %q",
				c.name, got != nil, err, err, c.want)
		}
	}
}

// An Error unwraps to what the caller may want to ask for.
func TestReadErrorsUnwrap(t *testing.T) {
	good := pngOf(t, asItIs(testDigits(t)[0]))
	damaged := slices.Clone(good)
	damaged[29] ^= 1 // in the checksum of the header
	for _, c := range []struct {
		name string
		file []byte
		is   func(err error) bool
	}{
		{"empty", nil, func(err error) bool { return err == io.ErrUnexpectedEOF }},
		{"cut short", good[:20], func(err error) bool { return err == io.ErrUnexpectedEOF }},
		{"damaged", damaged, func(err error) bool { return errors.As(err, new(png.FormatError)) }},
		{"text", []byte("hello"), func(err error) bool { return err == image.ErrFormat }},
		{"huge", pngSaying(t, 1<<21, 50), func(err error) bool { return err == nil }},
		{"blank", pngOf(t, whitePage(50, 50)), func(err error) bool { return err == nil }},
	} {
		_, err := first(bytes.NewReader(c.file))
		if got := errors.Unwrap(err); !c.is(got) {
			t.Errorf("%s: got an error, %v, that unwraps to %T, %v", c.name, err, got, got)
		}
	}
	if _, err := first(iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Errorf("got the error %v, want that of the reader, %v", err, io.ErrClosedPipe)
	}
}

// However much of the end of a file is missing, it is cut short, or enough is there.
func TestReadTruncated(t *testing.T) {
	img := asItIs(testDigits(t)[0])
	var asJPEG, asGIF bytes.Buffer
	if err := errors.Join(encodeJPEG(&asJPEG, img), gif.Encode(&asGIF, img, nil)); err != nil {
		t.Fatal(err)
	}
	for name, good := range map[string][]byte{"PNG": pngOf(t, img), "JPEG": asJPEG.Bytes(), "GIF": asGIF.Bytes()} {
		begins, read := map[string]int{"PNG": 8, "JPEG": 2, "GIF": 6}[name], 0 // so many bytes say what it is
		for n := range good {
			want := io.ErrUnexpectedEOF
			if 0 < n && n < begins {
				want = image.ErrFormat
			}
			_, err := first(bytes.NewReader(good[:n]))
			var e *Error
			if err == nil {
				read++
			} else if !errors.As(err, &e) || e.Err != want {
				t.Errorf("%s, the first %d of %d bytes: got the error %T, %v, that unwraps to %v, want %v",
					name, n, len(good), err, err, errors.Unwrap(err), want)
			}
		}
		if read > 12 { // a PNG's last 12 bytes say no more than that it ends
			t.Errorf("%s: it is read without the last 1 to %d bytes", name, read)
		}
	}
}

// Whatever the bytes, there is an *Error, or a digit.
func FuzzRead(f *testing.F) {
	img := image.NewGray(image.Rect(0, 0, 9, 7))
	img.Pix[20], img.Pix[29] = 200, 255
	f.Add(pngOf(f, img))
	var file bytes.Buffer
	jpeg.Encode(&file, img, nil)
	f.Add(slices.Clone(file.Bytes()))
	file.Reset()
	gif.Encode(&file, img, nil)
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		config, _, err := image.DecodeConfig(bytes.NewReader(file))
		if err == nil && int64(config.Width)*int64(config.Height) > 1<<20 {
			return // takes long
		}
		got, err := first(bytes.NewReader(file))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("got the error %T, %v, want an *Error", err, err)
			}
			return
		}
		checkPicture(t, "fuzz", got.Pixels)
	})
}

// The foot of a 2 is a stroke in the first reading and erased in the second. Two digits are
// refused, though without a line there may be one.
func TestReadTwice(t *testing.T) {
	draw := func(page *image.Gray, x, y int) {
		paintBox(page, x+20, y+101, x+80, y+103, 0) // the foot
		for d := range 60 {
			paintBox(page, x+20+d/2, y+100-d, x+24+d/2, y+104-d, 0)
		}
	}
	patch := whitePage(180, 200)
	paintBox(patch, 30, 30, 150, 180, 215)
	draw(patch, 40, 50)
	if readings, err := Read(bytes.NewReader(pngOf(t, patch))); len(readings) != 2 || slices.Equal(readings[0].Pixels, readings[1].Pixels) {
		t.Errorf("on a patch: got %d readings and the error %v, want 2 that differ", len(readings), err)
	}
	page := whitePage(100, 120)
	draw(page, 0, 0)
	readings, err := Read(bytes.NewReader(pngOf(t, page)))
	if err != nil || len(readings) != 2 {
		t.Fatalf("got %d readings and the error %v, want 2", len(readings), err)
	}
	foot := func(d *Digit) (longest int) { // the most pixels with ink in a row
		for i := range Width {
			n := 0
			for _, v := range d.Pixels[i*Width : (i+1)*Width] {
				if v > half {
					n++
				}
			}
			longest = max(longest, n)
		}
		return longest
	}
	if first, second := foot(readings[0]), foot(readings[1]); first < 10 || second > 6 {
		t.Errorf("got a foot of %d and %d pixels, want 10 or more, and 6 or less", first, second)
	}
	if len(readings[0].Done) > 0 || !slices.Equal(readings[1].Done, []string{"ruling removed"}) {
		t.Errorf("done: got %q and %q, want nothing, and that ruling was removed", readings[0].Done, readings[1].Done)
	}
	paintBox(page, 88, 20, 90, 100, 0) // a line, without which there would be one digit
	if readings, err := Read(bytes.NewReader(pngOf(t, page))); err == nil {
		t.Errorf("two digits: got %d readings, want an error", len(readings))
	}
}
