package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// A setting is a kind of picture that people take of a digit. draw draws the
// digit so; rng says how large it is, where the light comes from, and so on.
type setting struct {
	name  string
	floor int // how many digits must be read, of 12, or refused, of 6
	draw  func(digit []float64, rng *rand.Rand) image.Image
}

// A light is how bright the paper is at (x, y), from 0 to 1; what is on it
// darkens it to a tenth of that.
type light func(x, y float64) float64

// A mark is how much ink is at (x, y), from 0 to 1, beside that of the digit.
type mark func(x, y float64) float64

const side = 200 // of the pages below

// upTo returns a number from least to most.
func upTo(rng *rand.Rand, least, most float64) float64 { return least + (most-least)*rng.Float64() }

// noise is what a camera adds to a picture of a page.
func noise(rng *rand.Rand) float64 { return 0.01 * rng.NormFloat64() }

// onPage draws a digit somewhere in the middle of a page, half as high to two
// thirds, with this light and these marks, and the noise of a camera.
func onPage(digit []float64, rng *rand.Rand, l light, m mark) image.Image {
	s := placed(rng)
	s.paint = func(ink float64, x, y int) color.Color {
		u, v := float64(x)/side, float64(y)/side
		return greyOf(l(u, v)*(1-0.9*max(ink, m(u, v))) + noise(rng))
	}
	return s.page(digit)
}

// placed is a scene with a digit somewhere in its middle.
func placed(rng *rand.Rand) scene {
	s := scene{width: side, height: side, scale: upTo(rng, 5, 6.6)}
	s.left = upTo(rng, 0.35, 0.65) * (side - 28*s.scale)
	s.top = upTo(rng, 0.35, 0.65) * (side - 28*s.scale)
	return s
}

func even(x, y float64) float64  { return 0.9 }
func clean(x, y float64) float64 { return 0 }

// softShadow falls from one side, over a third of the page or so.
func softShadow(rng *rand.Rand) light {
	sin, cos := math.Sincos(upTo(rng, 0, 2*math.Pi))
	edge, width := upTo(rng, -0.15, 0.15), upTo(rng, 0.1, 0.2)
	return func(x, y float64) float64 {
		return 0.95 - 0.6/(1+math.Exp(((x-0.5)*cos+(y-0.5)*sin-edge)/width*2))
	}
}

// hardShadow has an edge across the page, often across the digit.
func hardShadow(rng *rand.Rand) light {
	sin, cos := math.Sincos(upTo(rng, 0, 2*math.Pi))
	edge, dark := upTo(rng, -0.2, 0.2), upTo(rng, 0.4, 0.6)
	return func(x, y float64) float64 {
		if (x-0.5)*cos+(y-0.5)*sin < edge {
			return dark
		}
		return 0.95
	}
}

// lamp is brightest in the middle.
func lamp(rng *rand.Rand) light {
	x0, y0 := upTo(rng, 0.3, 0.7), upTo(rng, 0.3, 0.7)
	return func(x, y float64) float64 { return 0.95 - 0.9*((x-x0)*(x-x0)+(y-y0)*(y-y0)) }
}

// lines are horizontal, vertical or both, as dark as ink or not, and a degree
// or two off.
func lines(rng *rand.Rand, ink float64, across, down bool) mark {
	apart, thick := upTo(rng, 0.08, 0.14), upTo(rng, 0.006, 0.013)
	tilt, first := upTo(rng, -0.03, 0.03), upTo(rng, 0, apart)
	return func(x, y float64) float64 {
		u, v := x-tilt*y+1-first, y+tilt*x+1-first
		if across && math.Mod(v, apart) < thick || down && math.Mod(u, apart) < thick {
			return ink
		}
		return 0
	}
}

// frame is a rectangle drawn so far from the border of the page.
func frame(rng *rand.Rand, inset float64) mark {
	thick := upTo(rng, 0.008, 0.025)
	return func(x, y float64) float64 {
		if d := min(x, y, 1-1.0/side-x, 1-1.0/side-y) - inset; d >= 0 && d < thick {
			return 1
		}
		return 0
	}
}

// tight draws a digit on a page that ends where the digit ends.
func tight(digit []float64, rng *rand.Rand) image.Image {
	box := inkBox(digit)
	s := scene{scale: upTo(rng, 6, 10)}
	s.width, s.height = int(s.scale*float64(box.Dx())), int(s.scale*float64(box.Dy()))
	s.left, s.top = -s.scale*float64(box.Min.X), -s.scale*float64(box.Min.Y)
	s.paint = func(ink float64, x, y int) color.Color { return greyOf(0.9 - 0.8*ink + noise(rng)) }
	return s.page(digit)
}

// inkBox returns the rectangle that has all the ink of a digit but what is faint.
func inkBox(digit []float64) (box image.Rectangle) {
	for k, v := range digit {
		if v > 0.3 {
			box = box.Union(image.Rect(k%28, k/28, k%28+1, k/28+1))
		}
	}
	return box
}

// darkCorner is a page one corner of which something dark lies on.
func darkCorner(digit []float64, rng *rand.Rand) image.Image {
	size, flipX, flipY := upTo(rng, 0.2, 0.4), rng.IntN(2), rng.IntN(2)
	return onPage(digit, rng, func(x, y float64) float64 {
		if math.Abs(float64(flipX)-x)+math.Abs(float64(flipY)-y) < size {
			return 0.15
		}
		return 0.9
	}, clean)
}

// fingertip is a page that a finger holds at its lower edge or its left one.
func fingertip(digit []float64, rng *rand.Rand) image.Image {
	s := placed(rng)
	place, size, low := upTo(rng, 0.2, 0.8), upTo(rng, 0.06, 0.1), rng.IntN(2) == 0
	s.paint = func(ink float64, x, y int) color.Color {
		u, v := float64(x)/side, float64(y)/side
		if !low {
			u, v = v, 1-u
		}
		paper := 0.9*(1-0.9*ink) + noise(rng)
		skin := 1 / (1 + math.Exp(60*(math.Hypot((u-place)/size, (v-1)/(1.6*size))-1)*size))
		mix := func(c float64) uint8 { return uint8(255 * min(1, max(0, paper+(c-paper)*skin))) }
		return color.NRGBA{mix(0.75), mix(0.5), mix(0.4), 255}
	}
	return s.page(digit)
}

// bars are beside a page that is not as wide as the picture.
func bars(digit []float64, rng *rand.Rand) image.Image {
	left, right := upTo(rng, 0.05, 0.15), upTo(rng, 0.05, 0.15)
	return onPage(digit, rng, func(x, y float64) float64 {
		if x < left || x > 1-right {
			return 0
		}
		return 0.9
	}, clean)
}

// whiteBorder is around a photograph that is not white.
func whiteBorder(digit []float64, rng *rand.Rand) image.Image {
	width, grey := upTo(rng, 0.03, 0.12), upTo(rng, 0.5, 0.7)
	return onPage(digit, rng, func(x, y float64) float64 {
		if min(x, y, 1-x, 1-y) < width {
			return 1
		}
		return grey
	}, clean)
}

// margin is a red line down the page, often through the digit.
func margin(digit []float64, rng *rand.Rand) image.Image {
	s := placed(rng)
	at, thick := upTo(rng, 0.1, 0.4), upTo(rng, 0.008, 0.015)
	s.paint = func(ink float64, x, y int) color.Color {
		paper := [3]float64{0.9, 0.9, 0.9}
		if u := float64(x) / side; u > at && u < at+thick {
			paper = [3]float64{0.85, 0.3, 0.3}
		}
		n := noise(rng)
		of := func(c int) uint8 { return uint8(255 * min(1, max(0, paper[c]*(1-0.9*ink)+n))) }
		return color.NRGBA{of(0), of(1), of(2), 255}
	}
	return s.page(digit)
}

// underlined is a digit with a line under it, which it may touch.
func underlined(digit []float64, rng *rand.Rand) image.Image {
	s, box := placed(rng), inkBox(digit)
	gap, thick, tilt := upTo(rng, -0.01, 0.06), upTo(rng, 0.008, 0.02), upTo(rng, -0.03, 0.03)
	left, right := upTo(rng, 0.1, 0.22), upTo(rng, 0.78, 0.9)
	s.paint = func(ink float64, x, y int) color.Color {
		u, v := float64(x)/side, float64(y)/side-(s.top+s.scale*float64(box.Max.Y))/side-gap
		if d := v - tilt*(u-0.5); d > 0 && d < thick && u > left && u < right {
			ink = 1
		}
		return greyOf(0.9*(1-0.9*ink) + noise(rng))
	}
	return s.page(digit)
}

// table is a sheet of paper on a dark table, not quite straight.
func table(digit []float64, rng *rand.Rand) image.Image {
	s := scene{width: side, height: side, scale: 4.5, left: side/2 - 14*4.5, top: side/2 - 14*4.5}
	s.turn = upTo(rng, -0.1, 0.1)
	sin, cos := math.Sincos(s.turn)
	w, h := upTo(rng, 0.33, 0.45), upTo(rng, 0.38, 0.45)
	s.paint = func(ink float64, x, y int) color.Color {
		u, v := float64(x)/side-0.5, float64(y)/side-0.5
		u, v = u*cos+v*sin, v*cos-u*sin
		if math.Abs(u) > w || math.Abs(v) > h {
			return greyOf(0.2 + 0.03*math.Sin(90*v) + 3*noise(rng))
		}
		return greyOf(0.9*(1-0.9*ink) + noise(rng))
	}
	return s.page(digit)
}

// settings are the pictures of one digit that must be read, with how many of the
// digits in testdata must be found in them, of 12: the picture that is read is
// more like the digit's own than like that of any other.
func settings() []setting {
	lit := func(name string, floor int, l func(*rand.Rand) light) setting {
		return setting{name, floor, func(digit []float64, rng *rand.Rand) image.Image {
			return onPage(digit, rng, l(rng), clean)
		}}
	}
	marked := func(name string, floor int, m func(*rand.Rand) mark) setting {
		return setting{name, floor, func(digit []float64, rng *rand.Rand) image.Image {
			return onPage(digit, rng, even, m(rng))
		}}
	}
	return []setting{
		{"tight", 11, tight},
		marked("framed", 12, func(rng *rand.Rand) mark { return frame(rng, 0) }),
		marked("cell of a form", 12, func(rng *rand.Rand) mark { return frame(rng, upTo(rng, 0.03, 0.1)) }),
		{"dark corner", 12, darkCorner},
		{"fingertip", 11, fingertip},
		{"bars", 12, bars},
		{"white border", 12, whiteBorder},
		lit("soft shadow", 10, softShadow),
		lit("hard shadow", 11, hardShadow),
		lit("by a lamp", 12, lamp),
		marked("ruled, light", 12, func(rng *rand.Rand) mark { return lines(rng, 0.3, true, false) }),
		marked("ruled, dark", 12, func(rng *rand.Rand) mark { return lines(rng, 0.9, true, false) }),
		marked("squared, light", 12, func(rng *rand.Rand) mark { return lines(rng, 0.3, true, true) }),
		marked("squared, dark", 12, func(rng *rand.Rand) mark { return lines(rng, 0.9, true, true) }),
		{"red margin", 12, margin},
		{"underlined", 12, underlined},
		{"table", 11, table},
	}
}

// refusals are pictures of nothing, or of several digits, which must be refused.
func refusals() []setting {
	blank := func(name string, l func(*rand.Rand) light, m func(*rand.Rand) mark) setting {
		return setting{name, 6, func(digit []float64, rng *rand.Rand) image.Image {
			return onPage(make([]float64, 28*28), rng, l(rng), m(rng))
		}}
	}
	flat, none := func(*rand.Rand) light { return even }, func(*rand.Rand) mark { return clean }
	without := func(name string, draw func([]float64, *rand.Rand) image.Image) setting {
		return setting{name, 6, func(digit []float64, rng *rand.Rand) image.Image {
			return draw(make([]float64, 28*28), rng)
		}}
	}
	return []setting{
		blank("blank", flat, none),
		blank("blank, soft shadow", softShadow, none),
		blank("blank, hard shadow", hardShadow, none),
		blank("blank, lamp", lamp, none),
		blank("blank, ruled, light", flat, func(rng *rand.Rand) mark { return lines(rng, 0.3, true, false) }),
		blank("blank, ruled, dark", flat, func(rng *rand.Rand) mark { return lines(rng, 0.9, true, false) }),
		blank("blank, squared, light", flat, func(rng *rand.Rand) mark { return lines(rng, 0.3, true, true) }),
		blank("blank, squared, dark", flat, func(rng *rand.Rand) mark { return lines(rng, 0.9, true, true) }),
		blank("blank, framed", flat, func(rng *rand.Rand) mark { return frame(rng, 0) }),
		without("blank, corner", darkCorner),
		without("blank, fingertip", fingertip),
		without("blank, bars", bars),
		without("blank, table", table),
		without("blank, white border", whiteBorder),
		{"four digits", 6, func(digit []float64, rng *rand.Rand) image.Image { return several(digit, rng, 4) }},
		{"two digits", 6, func(digit []float64, rng *rand.Rand) image.Image { return several(digit, rng, 2) }},
	}
}

// several draws the digit so many times side by side.
func several(digit []float64, rng *rand.Rand, n int) image.Image {
	all := image.NewNRGBA(image.Rect(0, 0, 84*n, 112))
	for i := range n {
		s := scene{width: 84, height: 112, scale: upTo(rng, 2.8, 3.3), top: upTo(rng, 8, 20), paint: between(1, 0.1)}
		draw.Draw(all, image.Rect(84*i, 0, 84*(i+1), 112), s.page(digit), image.Point{}, draw.Src)
	}
	return all
}

// The pictures that people take of a digit are read.
func TestReadSettings(t *testing.T) {
	if testing.Short() {
		t.Skip("pictures of each kind take a while")
	}
	all := testDigits(t)[:12]
	digits := few(all, 1)
	var own [][]float64
	for _, digit := range all {
		own = append(own, readPNG(t, asItIs(digit)))
	}
	for _, s := range settings() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			found := 0
			for n, digit := range digits {
				readings, err := Read(bytes.NewReader(pngOf(t, s.draw(digit, rand.New(rand.NewPCG(uint64(n), 7))))))
				if err != nil {
					t.Logf("digit %d: %v", n, err)
				}
				isFound := false // in one of the readings
				for _, got := range readings {
					checkPicture(t, s.name, got.Pixels)
					best := 0
					for k := range own {
						if cosine(got.Pixels, own[k]) > cosine(got.Pixels, own[best]) {
							best = k
						}
					}
					isFound = isFound || best == n && cosine(got.Pixels, own[n]) > 0.6
					t.Logf("digit %d: most like digit %d, cosine %.2f", n, best, cosine(got.Pixels, own[n]))
				}
				if isFound {
					found++
				}
			}
			if want := min(s.floor, len(digits)); found < want { // the first is found in each
				t.Errorf("got %d of %d digits, want %d or more", found, len(digits), want)
			}
		})
	}
}

// Where there is no digit, or more than one, none is made up.
func TestReadRefusals(t *testing.T) {
	if testing.Short() {
		t.Skip("pictures of each kind take a while")
	}
	digits := few(testDigits(t)[:6], 1)
	for _, s := range refusals() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			refused := 0
			for n, digit := range digits {
				_, err := first(bytes.NewReader(pngOf(t, s.draw(digit, rand.New(rand.NewPCG(uint64(n), 7))))))
				if e := (*Error)(nil); errors.As(err, &e) {
					refused++
				}
			}
			if want := min(s.floor, len(digits)); refused < want {
				t.Errorf("got %d of %d refused, want %d or more", refused, len(digits), want)
			}
		})
	}
}

// What was done to a picture is said, and nothing of one to which nothing was.
func TestReadSaysWhatWasDone(t *testing.T) {
	digit, rng := testDigits(t)[0], rand.New(rand.NewPCG(1, 7))
	for _, c := range []struct {
		name, want string
		page       image.Image
	}{
		{"plain", "", onPage(digit, rng, even, clean)},
		{"light on dark", "inverted", scene{width: 140, height: 140, scale: 5, paint: between(0, 1)}.page(digit)},
		{"ruled", "ruling removed", onPage(digit, rng, even, lines(rng, 0.9, true, false))},
		{"white border", "border dropped", whiteBorder(digit, rng)},
	} {
		got, err := first(bytes.NewReader(pngOf(t, c.page)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if said := strings.Join(got.Done, ", "); !strings.Contains(said, c.want) || (c.want == "") != (said == "") {
			t.Errorf("%s: got %q, want %q", c.name, said, c.want)
		}
	}
}

// Whatever is drawn, and wherever it touches the border, there is an *Error or a digit.
func FuzzReadDrawing(f *testing.F) {
	f.Add(uint8(30), uint8(20), []byte{0, 0, 29, 19, 5, 0, 5, 19, 0, 10, 29, 10})
	f.Add(uint8(1), uint8(60), []byte{0, 0, 0, 59})
	f.Fuzz(func(t *testing.T, width, height uint8, boxes []byte) {
		page := whitePage(int(width)+1, int(height)+1)
		for ; len(boxes) >= 5; boxes = boxes[5:] { // each of the grey of its fifth byte
			box := image.Rect(int(boxes[0]), int(boxes[1]), int(boxes[2])+1, int(boxes[3])+1).Intersect(page.Rect)
			paintBox(page, box.Min.X, box.Min.Y, box.Max.X, box.Max.Y, boxes[4])
		}
		got, err := first(bytes.NewReader(pngOf(t, page)))
		if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("got the error %T, %v, want an *Error", err, err)
		} else if err == nil {
			checkPicture(t, "fuzz", got.Pixels)
		}
	})
}
